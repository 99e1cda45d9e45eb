/** Where the compiler and the back-ends meet. */
import type { Backend, Executable } from "../backends/backend.ts";
import { compile, type CompileCounts } from "../compiler/compile.ts";
import type { Subgraph } from "../graph/index.ts";
import { dumpProgram } from "./dump.ts";

/** Compiles a graph for a back-end and loads it; a back-end that interprets graphs takes it as it is. */
export function loadProgram(backend: Backend, graph: Subgraph, counts: CompileCounts): Executable {
  if (backend.form === "graph") return backend.interpret(graph, counts);
  const program = compile(graph, counts, backend.target);
  dumpProgram(backend, graph, program);
  return backend.load(program);
}
