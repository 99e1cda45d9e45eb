/** The WebAssembly back-end as `nabla/backends/wasm` gives it: its parts are loaded when they are first used. */
import { beforeAll, describe, expect, it } from "vitest";
import { rarePasses } from "../../../compiler/parts.ts";
import type { Tensor } from "../../../graph/index.ts";
import * as ops from "../../../ops/index.ts";
import { tensor } from "../../../ops/tensor.ts";
import { PartMissing } from "../../../parts/part.ts";
import { jit, registerBackend, setBackend } from "../../../runtime/index.ts";
import { rareKernels } from "../loops/parts.ts";
import { createWasmBackend } from "./backend.ts";
import { generatorOfCode } from "./parts.ts";

beforeAll(async () => {
  expect(() => generatorOfCode.get()).toThrow(PartMissing);
  registerBackend("wasm", () => createWasmBackend({ threads: 1 }));
  await setBackend("wasm");
});

describe("a back-end whose parts are not loaded", () => {
  it("loads the generator of code when it is started, and what is rare when a graph needs it", async () => {
    const x = tensor([
      [3, 1, 2],
      [-1, 5, 0],
    ]);
    const dense = ops.relu(ops.matmul(x, tensor([[1], [2], [-1]])));
    expect(await dense.array()).toEqual([[3], [9]]);
    expect(generatorOfCode.get().emitModule).toBeTypeOf("function");
    expect(() => rarePasses.get()).toThrow(PartMissing);
    expect(() => rareKernels.get()).toThrow(PartMissing);

    // A reader and a traced function at once: both wait for the parts.
    const sorted = jit((y: Tensor) => ops.sort(y));
    const [read, traced] = await Promise.all([ops.sort(x).array(), sorted(x).array()]);
    expect(read).toEqual([
      [1, 2, 3],
      [-1, 0, 5],
    ]);
    expect(traced).toEqual(read);
    expect(rarePasses.get().buildRareRoot).toBeTypeOf("function");
    expect(rareKernels.get().lowerSort).toBeTypeOf("function");
    expect(await ops.sin(tensor([0])).array()).toEqual([0]);
  });
});
