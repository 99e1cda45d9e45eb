/** Random orthogonal matrices, made on the host: a QR decomposition is sequential and runs once per weight. */
import { ShapeError } from "../errors.ts";
import { type ConcreteShape, dataTensor, formatShape, sizeOf, type Tensor } from "../graph/index.ts";
import { cast } from "../ops/numpy/elementwise.ts";
import { threefry2x32 } from "../primitives/index.ts";
import { makeDefaultSeed } from "../random/index.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { dtypeOf, type InitializerDType, RandomInitializer, type SeedOption } from "./initializer.ts";

/** Options of Orthogonal. */
export interface OrthogonalOptions {
  /** Factor of the orthogonal matrix. Default 1. */
  gain?: number;
  seed?: SeedOption;
}

/**
 * All axes but the last are flattened; of the matrix, the shorter of rows and columns are orthonormal, times `gain`.
 * Saxe, McClelland and Ganguli 2014, arXiv:1312.6120. Throws ShapeError for fewer than two axes.
 */
export class OrthogonalInitializer extends RandomInitializer {
  static override readonly className: string = "OrthogonalInitializer";
  readonly gain: number;
  constructor(options: OrthogonalOptions = {}) {
    super(options.seed);
    checkOptions("initializers.Orthogonal", options, ["gain", "seed"]);
    this.gain = options.gain ?? 1;
  }
  override call(shape: ConcreteShape, dtype?: InitializerDType): Tensor {
    if (shape.length < 2) {
      throw new ShapeError({ where: "initializers.Orthogonal", problem: "needs at least two axes", received: formatShape(shape) });
    }
    const columns = shape.at(-1)!;
    const rows = sizeOf(shape) / Math.max(1, columns);
    const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
    const vectors = orthonormal(count, length, typeof this.seed === "number" ? this.seed : makeDefaultSeed());
    const values = new Float32Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        values[row * columns + column] = this.gain * (rows < columns ? vectors[row]![column]! : vectors[column]![row]!);
      }
    }
    return cast(dataTensor(values, shape, "float32"), dtypeOf(dtype));
  }
  protected override options(): Record<string, unknown> {
    return { gain: this.gain, seed: this.seedConfig() };
  }
}
/** Random orthogonal matrices. */
export const Orthogonal: CallableClass<typeof OrthogonalInitializer> = /* @__PURE__ */ callableClass(OrthogonalInitializer);
export type Orthogonal = OrthogonalInitializer;

/**
 * `count` orthonormal vectors of `length` >= count, uniformly distributed: Gram and Schmidt's method on normal vectors,
 * twice, which is orthogonal to rounding (Giraud et al. 2005, "twice is enough").
 */
function orthonormal(count: number, length: number, seed: number): Float64Array[] {
  const vectors: Float64Array[] = [];
  for (let v = 0; v < count; v++) {
    const vector = Float64Array.from({ length }, (_, i) => normalAt(seed, v * length + i));
    for (let pass = 0; pass < 2; pass++) {
      for (const other of vectors) {
        let product = 0;
        for (let i = 0; i < length; i++) product += vector[i]! * other[i]!;
        for (let i = 0; i < length; i++) vector[i]! -= product * other[i]!;
      }
    }
    const norm = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
    vectors.push(vector.map((x) => x / norm));
  }
  return vectors;
}

/** Number `index` of a stream of normal numbers. */
function normalAt(seed: number, index: number): number {
  const [first, second] = threefry2x32(seed, 0, index, 0);
  const u = ((first >>> 0) + 0.5) / 2 ** 32;
  return Math.sqrt(-2 * Math.log(u)) * Math.cos((2 * Math.PI * (second >>> 0)) / 2 ** 32);
}
