import { describe, expect, it } from "vitest";
import type { Backend } from "../backends/backend.ts";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { createWasmBackend } from "../backends/cpu/wasm/index.ts";
import { createX64Backend } from "../backends/cpu/x64/index.ts";
import { roundToShort, type ShortFloat, shortFloats } from "../dtype/index.ts";
import { parameterTensor, Subgraph } from "../graph/index.ts";
import { convert } from "../primitives/index.ts";
import { runnerOf } from "./compare.ts";
import { forInstructionSets } from "./native-instruction-sets.ts";

const formats = ["float16", "bfloat16"] as const;

/** Every value of a format, numbers halfway between neighbours, and those next to them: with both signs. */
function trials(format: ShortFloat): Float32Array {
  const { from } = shortFloats[format];
  const word = new Uint32Array(1);
  const single = new Float32Array(word.buffer);
  const near = (value: number, step: number): number => {
    single[0] = value;
    word[0]! += step;
    return single[0];
  };
  const found: number[] = [];
  for (let bits = 0; bits < 65536; bits++) {
    const value = from(bits);
    found.push(value);
    const next = from(bits + 1);
    if ((bits & 0x7fff) === 0x7fff || !Number.isFinite(value)) continue;
    const end = format === "float16" ? 65536 : 2 ** 128;
    const middle = value + (Number.isFinite(next) ? (next - value) / 2 : (Math.sign(value) * end - value) / 2);
    found.push(middle, near(middle, 1), near(middle, -1));
  }
  return Float32Array.from(found);
}

const flushed = (value: number): number => (Math.abs(value) < 2 ** -126 ? 0 * Math.sign(value) : value);

/** Both ways: float32 to the format and back, and every value of the format to float32. `flushes`: subnormal float32 may become 0. */
function roundsExactly(name: string, backend: () => Backend): void {
  it.each(formats)(`${name} rounds to %s as the nearest even, and widens every value`, async (format) => {
    const run = runnerOf(backend());
    const values = trials(format);
    const x = parameterTensor([values.length], "float32");
    const short = convert(x, format);
    const graph = new Subgraph([x], [short, convert(short, "float32")]);
    const [rounded, back] = await run(graph, [{ shape: [values.length], dtype: "float32", data: values }]);
    let wrong = 0;
    for (let i = 0; i < values.length; i++) {
      const expected = roundToShort(format, values[i]!);
      for (const got of [rounded![i]!, back![i]!]) if (!Object.is(got, expected) && !Object.is(got, flushed(expected))) wrong++;
    }
    expect(wrong).toBe(0);

    const all = Float32Array.from({ length: 65536 }, (_, bits) => shortFloats[format].from(bits));
    const y = parameterTensor([65536], format);
    const [wide] = await run(new Subgraph([y], [convert(y, "float32")]), [{ shape: [65536], dtype: format, data: all }]);
    expect(wide!.findIndex((value, i) => !Object.is(value, all[i]) && !Object.is(value, flushed(all[i]!)))).toBe(-1);
  });
}

describe("float16 and bfloat16", () => {
  roundsExactly("reference", createReferenceBackend);
  roundsExactly("wasm", () => createWasmBackend({ threads: 1 }));
  forInstructionSets((instructionSet) => {
    roundsExactly(instructionSet, () => createX64Backend({ threads: 1, instructionSet }));
  });
});
