import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { add, address, advance, compare, constant, fma, load, loadPtr, loadVector, select, splat } from "../../loops/block.ts";
import { printLoopFunction } from "../../loops/print.ts";
import { loopFunction } from "../../wasm/run-emitted.ts";
import { Assembler } from "../assembler/index.ts";
import { allocateRegisters } from "./allocate.ts";
import { ConstantPool } from "./constant-pool.ts";
import { findIntervals } from "./liveness.ts";
import { printAllocation, printMachineCode } from "./print-machine-code.ts";
import { selectInstructions } from "./statements.ts";

it("the README shows what each step gives", () => {
  const f = loopFunction("clip", (body, { block, from, to }) => {
    const x = body.let(loadPtr(block, 0), "x");
    const y = body.let(loadPtr(block, 1), "y");
    const scale = body.let(splat(add(load("f32", address(block, 16)), constant("f32", 1))), "scale");
    body.for("i", from, to, 16, (inside, i) => {
      const at = address(advance(y, i, 4));
      const sum = inside.let(fma(loadVector("f32", address(advance(x, i, 4))), scale, loadVector("f32", at)), "sum");
      inside.store("f32", at, select(compare("lt", sum, constant("f32v", 6)), sum, constant("f32v", 6)));
    });
  });
  const assembler = new Assembler();
  const fn = selectInstructions(f, { avx512: true }, new ConstantPool(assembler), assembler);
  const code = printMachineCode(fn);
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  allocateRegisters(fn, findIntervals(fn), { gpr: [0, 1, 2, 6, 7, 8, 9, 10, 11], vec: numbers(32), mask: numbers(8).slice(1) });
  const shown = [...readFileSync(new URL("README.md", import.meta.url), "utf8").matchAll(/```\n([\s\S]*?)\n```/g)].map((match) => match[1]);
  expect(shown.slice(0, 3)).toEqual([printLoopFunction(f), code, printAllocation(fn)]);
});
