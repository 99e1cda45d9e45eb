import { afterAll, expect, it } from "vitest";
import { roundToShort, type ShortFloat } from "../dtype/index.ts";
import { parameterTensor, Subgraph } from "../graph/index.ts";
import { convert, multiply } from "../primitives/index.ts";
import { runnerOf } from "./compare.ts";
import { runConformance } from "./conformance.ts";
import { whereWebGpu } from "./webgpu-device.ts";

const short: readonly ShortFloat[] = ["float16", "bfloat16"];

await whereWebGpu("values of two bytes on the WebGPU back-end", (backend) => {
  runConformance("webgpu in two bytes", runnerOf(backend), { short, dtypes: ["float16", "bfloat16", "int32", "bool"] });

  it.each(short)("rounds to %s as the nearest even", async (format) => {
    const values = Float32Array.from({ length: 40000 }, (_, i) => (i % 2 === 0 ? 1 : -1) * 2 ** ((i % 60) - 30) * (1 + i / 40000));
    const x = parameterTensor([values.length], "float32");
    const y = convert(x, format);
    const graph = new Subgraph([x], [y, multiply(y, y)]);
    const [rounded, squares] = await runnerOf(backend)(graph, [{ shape: [values.length], dtype: "float32", data: values }]);
    const expected = values.map((value) => roundToShort(format, value));
    expect(rounded!.findIndex((value, i) => value !== expected[i])).toBe(-1);
    expect(squares!.findIndex((value, i) => value !== roundToShort(format, Math.fround(expected[i]! * expected[i]!)))).toBe(-1);
  });
  afterAll(() => backend.close());
});
