/** Products of the samples of two inputs. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Shape, type Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import { describe, type LayerOptions, required } from "./layer-options.ts";
import { checkInputList } from "./merge.ts";

/** Options of Dot. */
export interface DotOptions extends LayerOptions {
  /** Axis of both inputs, or [axis of the first, axis of the second], along which products are summed; not the batch. */
  readonly axes: number | readonly number[];
  /** Whether to bring the vectors along these axes to length 1 first: the products are then cosines. Default false. */
  readonly normalize?: boolean;
}

/**
 * `y[b, i.., j..] = sum over k of x1[b, i.., k] x2[b, k, j..]`, with k along `axes`.
 *
 * Shapes: `[batch, i.., k]` and `[batch, k, j..]` -> `[batch, i.., j..]`; `[batch, k]` and `[batch, k]` -> `[batch, 1]`.
 *
 * @example
 * const y = layers.Dot({ axes: 1, normalize: true })([a, b]);
 */
export class DotLayer extends Layer<DotOptions> {
  static override readonly className: string = "Dot";
  declare axes: number | readonly number[];
  declare normalize: boolean;

  constructor(options: DotOptions) {
    super(options, { axes: required, normalize: false });
    const axes: unknown = this.axes;
    if (!Number.isInteger(axes) && !(Array.isArray(axes) && axes.length === 2 && axes.every(Number.isInteger))) {
      throw new ValueError({
        where: this.label,
        problem: "axes is an axis, or a pair of axes",
        expected: "2, or [2, 1]",
        received: describe(axes),
      });
    }
    this.supportsMasking = true;
  }

  protected override checkInput(inputs: unknown): void {
    checkInputList(this.label, inputs, 2);
    const [first, second, ...more] = (inputs as Tensor[]).map((input) => input.shape);
    if (more.length > 0) {
      throw new ValueError({
        where: this.label,
        problem: "the layer takes exactly two inputs",
        expected: "[x, y]",
        received: `a list of ${more.length + 2}`,
      });
    }
    this.#contracted(first!, second!);
  }

  /** The axes to be summed over, from the front. Throws ShapeError where the inputs do not fit. */
  #contracted(first: Shape, second: Shape): [number, number] {
    const fail = (problem: string, expected: string): ShapeError =>
      new ShapeError({
        where: this.label,
        problem,
        expected,
        received: `${formatShape(first)} and ${formatShape(second)}, axes ${describe(this.axes)}`,
      });
    const given = typeof this.axes === "number" ? [this.axes, this.axes] : this.axes;
    const [a, b] = [first, second].map((shape, i) => {
      if (shape.length < 2) throw fail("the inputs need a batch axis and at least one more", "[batch, ...]");
      const axis = given[i]! < 0 ? given[i]! + shape.length : given[i]!;
      if (axis < 0 || axis >= shape.length) throw fail("an axis does not exist", `an axis from 1 to ${shape.length - 1}`);
      if (axis === 0) throw fail("the batch axis cannot be summed over", `an axis from 1 to ${shape.length - 1}`);
      return axis;
    });
    const differ = (x: number | null, y: number | null): boolean => x !== null && y !== null && x !== y;
    if (differ(first[0]!, second[0]!)) throw fail("the inputs have different batch sizes", "equal first extents");
    if (differ(first[a!]!, second[b!]!)) throw fail("the axes to be summed over have different extents", "equal extents along axes");
    return [a!, b!];
  }

  override call([first, second]: readonly Tensor[]): Tensor {
    const [a, b] = this.#contracted(first!.shape, second!.shape);
    const x = this.normalize ? ops.normalize(first!, { axis: a }) : first!;
    const y = this.normalize ? ops.normalize(second!, { axis: b }) : second!;
    // Letters for axes: "a" is the batch, "z" what is summed over.
    const letters = (count: number, from: string): string =>
      String.fromCharCode(...Array.from({ length: count }, (_, i) => from.charCodeAt(0) + i));
    const [left, right] = [letters(x.rank - 2, "b"), letters(y.rank - 2, "m")];
    const term = (own: string, axis: number): string => `a${own.slice(0, axis - 1)}z${own.slice(axis - 1)}`;
    const product = ops.einsum(`${term(left, a)},${term(right, b)}->a${left}${right}`, x, y);
    return product.rank === 1 ? ops.expandDims(product, -1) : product;
  }

  override computeMask(_inputs?: unknown, _mask?: unknown): null {
    return null;
  }
}

/** Products of the samples of two inputs; see {@link DotLayer}. */
export const Dot: CallableClass<typeof DotLayer> = /* @__PURE__ */ callableClass(DotLayer);
export type Dot = DotLayer;

/** `Dot(options)(inputs)`; see {@link DotLayer}. */
export function dot(inputs: readonly Tensor[], options: DotOptions): Tensor {
  return new DotLayer(options)(inputs);
}
