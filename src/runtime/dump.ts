/** What NABLA_DUMP asks for: files that show what became of each graph. */
import type { KernelBackend } from "../backends/backend.ts";
import { printProgram } from "../compiler/print.ts";
import type { Program } from "../compiler/program.ts";
import { structuralKey, type Subgraph } from "../graph/index.ts";
import { platform } from "../platform/index.ts";

let count = 0;

/**
 * Where NABLA_DUMP names a folder: writes a folder in it for this program, with the graph, the kernels in their stages,
 * and what the back-end shows of each kernel (loop IR, code).
 */
export function dumpProgram(backend: KernelBackend, graph: Subgraph, program: Program): void {
  const folder = platform.environment("NABLA_DUMP");
  if (folder === undefined) return;
  const own = `${folder}/${String(count++).padStart(3, "0")}-${backend.target.name}`;
  platform.writeFile(`${own}/graph.txt`, `${structuralKey(graph).replaceAll(";", ";\n")}\n`);
  platform.writeFile(`${own}/program.txt`, `${printProgram(program)}\n`);
  for (const { name, content } of backend.describe?.(program) ?? []) platform.writeFile(`${own}/kernels/${name}`, content);
}
