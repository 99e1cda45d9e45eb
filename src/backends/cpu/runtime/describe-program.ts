/** What a person may want to see of a program on a CPU: kernels, loop IR, code. */
import { kernelKey } from "../../../compiler/kernels/kernel.ts";
import type { Program } from "../../../compiler/program.ts";
import type { ProgramFile } from "../../backend.ts";
import type { LoopFunction } from "../loops/ir.ts";
import { printLoopFunction } from "../loops/print.ts";
import type { Machine } from "./machine.ts";
import { workOf } from "./work-of-kernel.ts";

/** How code is written to files and read by people. */
export interface CodeListing {
  readonly emit: (functions: readonly LoopFunction[]) => Uint8Array;
  /** Ending of files with code. */
  readonly extension: string;
  /** Command line that shows the code of `file`. */
  readonly command: (file: string) => string;
}

/** One text and one file of code per kernel (one for all that share code), and how to read them. */
export function describeProgram(machine: Machine, program: Program, listing: CodeListing): ProgramFile[] {
  const files: ProgramFile[] = [];
  const commands: string[] = [];
  const known = new Map<string, string>();
  program.kernels.forEach(({ kernel }, k) => {
    const key = kernelKey(kernel);
    const first = known.get(key);
    const name = `${String(k).padStart(3, "0")}-${kernel.kind}-${kernel.label.replaceAll(/[^A-Za-z0-9]+/g, "-").slice(0, 60)}`;
    const { code, units, grain, scratchBytes } = machine.lower(kernel);
    const { operations, bytes } = workOf(kernel);
    const head = [
      `${kernel.kind} ${kernel.label}`,
      `${units} units, ${grain} in a chunk; ${scratchBytes} bytes of scratch; ${operations} operations, ${bytes} bytes`,
    ];
    if (first === undefined) {
      known.set(key, name);
      files.push({ name: `${name}.${listing.extension}`, content: listing.emit([code]) });
      commands.push(listing.command(`${name}.${listing.extension}`));
      head.push("", printLoopFunction(code));
    } else head.push("", `shares the code of ${first}`);
    files.push({ name: `${name}.txt`, content: `${[...head, "", JSON.stringify(kernel, undefined, 1)].join("\n")}\n` });
  });
  files.push({ name: "disassemble.sh", content: `${commands.join("\n")}\n` });
  return files;
}
