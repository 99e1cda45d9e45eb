/** ONNX files run by onnxruntime, the oracle of what is written and read. */
import { widened } from "../dtype/index.ts";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type { NdArray } from "../graph/index.ts";

/** A result of onnxruntime; numbers of 64 bits became numbers. */
export interface OnnxResult {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: string;
  readonly data: readonly number[];
}

/** What onnxruntime computes from a file. Inputs are given in the order of the file; `int64` names those that it wants in 64 bits. */
export async function runOnnx(
  bytes: Uint8Array,
  inputs: readonly NdArray[],
  options: { readonly optimize?: boolean; readonly int64?: readonly number[] } = {},
): Promise<OnnxResult[]> {
  const session = await InferenceSession.create(bytes, {
    graphOptimizationLevel: options.optimize === true ? "all" : "disabled",
    logSeverityLevel: 4,
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  const feeds = Object.fromEntries(
    inputs.map(({ shape, dtype, data }, i): [string, OrtTensor] => {
      const name = session.inputNames[i]!;
      if (options.int64?.includes(i) === true) return [name, new OrtTensor("int64", BigInt64Array.from(data, BigInt), [...shape])];
      return [name, new OrtTensor(widened(dtype) === "float32" ? "float32" : (dtype as "int32"), data.slice() as Int32Array, [...shape])];
    }),
  );
  const results = await session.run(feeds);
  const found = session.outputNames.map((name) => {
    const { dims, type, data } = results[name]!;
    return { name, shape: dims.map(Number), type, data: Array.from(data as unknown as ArrayLike<number>, Number) };
  });
  await session.release();
  return found;
}
