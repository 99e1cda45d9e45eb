/** Text of programs: one line per kernel, for people. */
import type { Kernel } from "./kernels/kernel.ts";
import type { Program, Stage } from "./program.ts";

/** Stages with their kernels: kind, iteration space, buffers, label. */
export function printProgram(program: Program): string {
  const lines: string[] = [];
  const print = (stages: readonly Stage[], indent: string): void => {
    stages.forEach((stage, i) => {
      if (stage.kind === "parallel") {
        lines.push(`${indent}stage ${i}`);
        for (const index of stage.kernels) lines.push(`${indent}  ${printKernel(program, index)}`);
      } else if (stage.kind === "loop") {
        const lanes = stage.lanes === undefined ? "" : ` in ${stage.lanes} lanes`;
        lines.push(`${indent}stage ${i}: loop ${stage.loop}, ${stage.trips} trips${lanes}`);
        print(stage.body, `${indent}  `);
      } else {
        lines.push(`${indent}stage ${i}: branch`);
        print(stage.then, `${indent}  `);
        lines.push(`${indent}else`);
        print(stage.else, `${indent}  `);
      }
    });
  };
  print(program.stages, "");
  if (program.preparation.stages > 0) lines.push(`the first ${program.preparation.stages} stages prepare what states and constants give`);
  lines.push(`arena ${program.arenaBytes} bytes, ${program.kernels.length} kernels`);
  return lines.join("\n");
}

function printKernel(program: Program, index: number): string {
  const { kernel, buffers } = program.kernels[index]!;
  const axes = kernel.axes.map(({ extent, role, dynamic }, i) => `${roleLetter(kernel, i, role)}${extent}${dynamic ? "*" : ""}`).join(" ");
  const list = kernel.buffers
    .map(
      ({ use, dtype, elements }, i) =>
        `${use === "read" ? "" : use === "write" ? ">" : "<>"}${placeText(program, buffers[i]!)}:${dtype}[${elements}]`,
    )
    .join(" ");
  return `${kernel.kind} (${axes}) ${list}  ${kernel.label}`;
}

function roleLetter(kernel: Kernel, axis: number, role: "parallel" | "reduce"): string {
  if (kernel.kind === "contract") return kernel.roles[axis]!;
  return role === "reduce" ? "r" : "p";
}

function placeText(program: Program, buffer: number): string {
  const { place } = program.buffers[buffer]!;
  switch (place.kind) {
    case "argument":
      return `arg${place.index}`;
    case "state":
      return `state${place.index}`;
    case "constant":
      return `const${buffer}`;
    case "arena":
      return `b${buffer}@${place.offset}`;
    case "slice":
      return `slice(b${place.of})`;
    case "alternate":
      return `alternate(b${place.even},b${place.odd})`;
    case "lane":
      return `lane(b${place.of})@${place.offset}`;
  }
}
