import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import "../../../register.ts";
import { type DType, hostArray } from "../../../dtype/index.ts";
import { apply, type NdArray, type Sample, type Tensor } from "../../../graph/index.ts";
import { allPrimitives } from "../../../primitives/all-primitives.ts";
import { evaluateReference } from "../import/evaluate.ts";
import { encodeFunction } from "./encode-function.ts";
import { exportedPrimitives } from "./lower-graph.ts";

const ortTypes: Record<DType, "float32" | "float64" | "int32" | "int8" | "uint8" | "bool"> = {
  float32: "float32",
  float64: "float64",
  float16: "float32",
  bfloat16: "float32",
  int32: "int32",
  int8: "int8",
  uint8: "uint8",
  bool: "bool",
};

async function runOnnx(
  inputs: readonly NdArray[],
  call: (tensors: readonly Tensor[]) => Tensor[],
): Promise<{ dims: readonly number[]; data: ArrayLike<number> }[]> {
  const bytes = await encodeFunction({
    where: "test",
    graphName: "test",
    inputs: inputs.map(({ shape, dtype }, i) => ({ name: `x${i}`, shape, dtype })),
    call,
  });
  const session = await InferenceSession.create(bytes, {
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 4,
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  const feeds = Object.fromEntries(
    inputs.map(({ shape, dtype, data }, i) => [`x${i}`, new OrtTensor(ortTypes[dtype], data.slice() as Float32Array, [...shape])]),
  );
  const results = await session.run(feeds);
  return session.outputNames.map((name) => ({ dims: results[name]!.dims, data: results[name]!.data as unknown as ArrayLike<number> }));
}

/** Beyond the domain of an operator, ONNX leaves the value open. */
const finite = (sample: Sample): boolean => sample.inputs.every(({ data }) => Array.from(data).every(Number.isFinite));

describe("primitives as ONNX", () => {
  it("all have a form", () => {
    expect(allPrimitives.map(({ name }) => name).filter((name) => !exportedPrimitives.includes(name))).toEqual([]);
  });

  it.each(allPrimitives.map((primitive) => [primitive.name, primitive] as const))(
    "%s gives the same in onnxruntime",
    async (_name, primitive) => {
      for (const sample of primitive.samples()) {
        const { inputs, attributes = {} } = sample;
        const empty = inputs.some(({ data }) => data.length === 0);
        if (!finite(sample) || empty) continue;
        const call = (tensors: readonly Tensor[]): Tensor[] => apply(primitive, tensors, attributes);
        const expected = evaluateReference(inputs, call);
        // onnxruntime scans over at least one step and has no pooling without windows.
        if (attributes["length"] === 0 || expected.some(({ data }) => data.length === 0)) continue;
        const results = await runOnnx(inputs, call);
        const note = `${JSON.stringify(attributes).slice(0, 300)} of ${inputs.map(({ dtype, shape }) => `${dtype}[${shape.join()}]`).join(" ")}`;
        results.forEach(({ dims, data }, k) => {
          const reference = expected[k]!;
          expect([...dims].map(Number), note).toEqual([...reference.shape]);
          const got = hostArray("float64", reference.data.length);
          for (let i = 0; i < got.length; i++) got[i] = Number(data[i]);
          const scale = Math.max(1e-3, ...Array.from(reference.data).map((v) => (Number.isFinite(v) ? Math.abs(v) : 0)));
          for (let i = 0; i < got.length; i++) {
            const [a, b] = [got[i]!, reference.data[i]!];
            if (Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
            if (!(Math.abs(a - b) <= 2e-6 * scale + 1e-6 * Math.abs(b)))
              expect.fail(
                `${note}: element ${i} is ${a}, not ${b}; inputs ${inputs.map(({ data: d }) => Array.from(d.slice(0, 12)).join(" ")).join(" | ")}`,
              );
          }
        });
      }
    },
  );
});
