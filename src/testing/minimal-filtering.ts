/** What every CPU back-end's 3x3 convolutions by minimal filtering must do. */
import { describe, expect, it } from "vitest";
import { gradients } from "../autodiff/index.ts";
import type { CpuBackend } from "../backends/cpu/runtime/cpu-backend.ts";
import type { WinogradUse } from "../backends/cpu/target.ts";
import { evaluate } from "../backends/reference/interpreter.ts";
import { compile } from "../compiler/compile.ts";
import { type ConcreteShape, dataTensor, type NdArray, parameterTensor, sizeOf, Subgraph, type Tensor } from "../graph/index.ts";
import { add, broadcastInDim, constant, convGeneral, greater, select } from "../primitives/index.ts";

/** A convolution of images with 3x3 windows. */
export interface FilteredCase {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Zeros on every side: 1 is "same", 0 "valid". */
  readonly padding: number;
}

interface Operands {
  readonly image: Tensor;
  readonly filter: Tensor;
  readonly bias: Tensor;
  readonly cotangent: Tensor;
}

/** Forward with bias and relu, the gradient of the image, the gradient of the filter. */
function resultsOf({ image, filter, bias, cotangent }: Operands, padding: number): Tensor[] {
  const pads = [padding, padding] as const;
  const y = convGeneral(image, filter, { padding: [pads, pads] });
  const shape = y.shape as ConcreteShape;
  const sum = add(y, broadcastInDim(bias, shape, [3]));
  const zero = broadcastInDim(constant(0, "float32"), shape, []);
  const [dImage, dFilter] = gradients([y], [image, filter], { cotangents: [cotangent] });
  return [select(greater(sum, zero), sum, zero), dImage!, dFilter!];
}

function randomArray(shape: ConcreteShape, seed: number): NdArray {
  let state = seed;
  const data = Float32Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return (state >>> 0) / 2 ** 32 - 0.5;
  });
  return { shape, dtype: "float32", data };
}

function operandsOf(one: FilteredCase): NdArray[] {
  const { batch, height, width, inputs, outputs, padding } = one;
  return [
    randomArray([batch, height, width, inputs], 1),
    randomArray([3, 3, inputs, outputs], 2),
    randomArray([outputs], 3),
    randomArray([batch, height + 2 * padding - 2, width + 2 * padding - 2, outputs], 4),
  ];
}

function named(list: readonly Tensor[]): Operands {
  return { image: list[0]!, filter: list[1]!, bias: list[2]!, cotangent: list[3]! };
}

async function runOn(backend: CpuBackend, one: FilteredCase): Promise<Float32Array[]> {
  const arrays = operandsOf(one);
  const parameters = arrays.map(({ shape }) => parameterTensor(shape, "float32"));
  const graph = new Subgraph(parameters, resultsOf(named(parameters), one.padding));
  const program = compile(graph, { arguments: 4, states: 0, writtenStates: [] }, backend.target);
  const executable = backend.load(program);
  try {
    const results = await executable.run({ arguments: arrays.map(({ data }) => data), states: [], scalars: [] });
    return results as Float32Array[];
  } finally {
    executable.free();
  }
}

const known = new Map<FilteredCase, Float64Array[]>();

/** The results with products and sums in float64. */
function exactly(one: FilteredCase): Float64Array[] {
  let exact = known.get(one);
  if (exact === undefined) known.set(one, (exact = computeExactly(one)));
  return exact;
}

function computeExactly(one: FilteredCase): Float64Array[] {
  const wide = operandsOf(one).map(({ shape, data }) => dataTensor(Float64Array.from(data), shape, "float64"));
  const { image, filter, bias, cotangent } = named(wide);
  const pads = [one.padding, one.padding] as const;
  const y = convGeneral(image, filter, { padding: [pads, pads] });
  const sum = add(y, broadcastInDim(bias, y.shape as ConcreteShape, [3]));
  const [dImage, dFilter] = gradients([y], [image, filter], { cotangents: [cotangent] });
  const [forward, ...rest] = evaluate([sum, dImage!, dFilter!]).map(({ data }) => Float64Array.from(data));
  return [forward!.map((value) => Math.max(value, 0)), ...rest];
}

/** Root of the mean square of the error of each result. */
function errorsOf(found: readonly Float32Array[], exact: readonly Float64Array[]): number[] {
  return found.map((values, r) => {
    expect(values.length).toBe(exact[r]!.length);
    return Math.sqrt(values.reduce((sum, value, i) => sum + (value - exact[r]![i]!) ** 2, 0) / values.length);
  });
}

const passes = ["forward", "gradient of the image", "gradient of the filter"];

/** Declares the tests of a back-end. */
export function runMinimalFiltering(
  name: string,
  create: (options: { readonly threads: number; readonly winograd: WinogradUse }) => CpuBackend,
  cases: readonly FilteredCase[],
): void {
  describe(`minimal filtering on ${name}`, () => {
    it.each(cases)(
      "$batch images $height x $width, $inputs to $outputs channels, padding $padding: as exact as the direct form within a factor, the same bits on two threads",
      async (one) => {
        const backends = [
          create({ threads: 1, winograd: "never" }),
          ...(["whole", "blocks"] as const).flatMap((winograd) => [1, 2].map((threads) => create({ threads, winograd }))),
        ];
        try {
          const [direct, whole, wholeShared, blocks, blocksShared] = await Promise.all(backends.map((backend) => runOn(backend, one)));
          expect(wholeShared).toEqual(whole);
          expect(blocksShared).toEqual(blocks);
          const exact = exactly(one);
          const plain = errorsOf(direct!, exact);
          for (const filtered of [whole!, blocks!]) {
            expect(filtered).not.toEqual(direct);
            const minimal = errorsOf(filtered, exact);
            passes.forEach((pass, r) => expect(minimal[r], pass).toBeLessThan(4 * plain[r]!));
          }
        } finally {
          await Promise.all(backends.map((backend) => backend.close()));
        }
      },
    );
  });
}
