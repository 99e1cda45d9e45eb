import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile } from "../../../compiler/compile.ts";
import { parameterTensor, Subgraph } from "../../../graph/index.ts";
import { add, exp, reduceSum, slice } from "../../../primitives/index.ts";
import { whereNative } from "../../../testing/native-instruction-sets.ts";
import { createX64Backend } from "./index.ts";

whereNative("many native programs", () => {
  describe("memory of native programs", () => {
    it("returns after 1,000 programs were compiled, run and dropped", async () => {
      const backend = createX64Backend({ threads: 2 });
      const mapped = (): number => readFileSync("/proc/self/maps", "utf8").split("\n").length;
      const one = async (n: number): Promise<void> => {
        const x = parameterTensor([n, 3000], "float32");
        // Where the slice starts is part of the code: no two programs share it.
        const part = slice(x, [0, n], [n, n + 1000]);
        const results = [add(exp(part), part), reduceSum(part, [1])];
        const program = compile(new Subgraph([x], results), { arguments: 1, states: 0, writtenStates: [] }, backend.target);
        const executable = backend.load(program);
        const [out] = await executable.run({ arguments: [new Float32Array(n * 3000)], states: [], scalars: [] });
        expect(out![0]).toBe(1);
        executable.free();
      };
      for (let n = 1; n <= 20; n++) await one(n);
      const [held, pages, resident] = [backend.bytesHeld(), mapped(), process.memoryUsage().rss];
      for (let n = 21; n <= 1000; n++) await one(n);
      // The code of 1,024 kernels may stay.
      expect(backend.bytesHeld() - held).toBeLessThan(1024 * 8192);
      expect(mapped() - pages).toBeLessThan(1100);
      expect(process.memoryUsage().rss - resident).toBeLessThan(200 * 2 ** 20);
      await backend.close();
    });
  });
});
