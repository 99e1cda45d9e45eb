/** Tables given in float64 (angles of Fourier transforms, filters) that a program only converts: they are float32 on the device. */
import type { Entry, Kernel } from "../../../compiler/kernels/kernel.ts";
import type { BoundKernel, Program, ProgramBuffer } from "../../../compiler/program.ts";
import type { TypedArray } from "../../../dtype/index.ts";

/**
 * The program with its float64 arguments and constants as float32, wherever kernels do nothing with them but convert them
 * to float32: rounding then happens on the host. Other uses of float64 stay, to be refused.
 */
export function narrowFloat64(program: Program): Program {
  const narrow = new Set(
    program.buffers.flatMap(({ dtype, place }, id) =>
      dtype === "float64" && (place.kind === "argument" || place.kind === "constant") ? [id] : [],
    ),
  );
  if (narrow.size === 0) return program;
  for (const bound of program.kernels) for (const id of usedOtherwise(bound)) narrow.delete(id);
  for (const { buffer } of program.results) narrow.delete(buffer);
  const narrowed = new Map<TypedArray, TypedArray>();
  const rounded = (data: TypedArray): TypedArray => {
    let found = narrowed.get(data);
    if (found === undefined) narrowed.set(data, (found = Float32Array.from(data)));
    return found;
  };
  const buffers = program.buffers.map((buffer, id): ProgramBuffer => {
    if (!narrow.has(id)) return buffer;
    const { place } = buffer;
    return { ...buffer, dtype: "float32", place: place.kind === "constant" ? { kind: "constant", data: rounded(place.data) } : place };
  });
  const places = new Set([...narrow].flatMap((id) => (buffers[id]!.place.kind === "argument" ? [buffers[id]!.place.index] : [])));
  const args = program.arguments.map((type, i) => (places.has(i) ? { ...type, dtype: "float32" as const } : type));
  return { ...program, arguments: args, buffers, kernels: program.kernels.map((bound) => narrowKernel(bound, narrow)) };
}

/** Program buffers of float64 that a kernel does more with than to convert their elements to float32. */
function usedOtherwise({ kernel, buffers }: BoundKernel): number[] {
  if (kernel.kind === "row") {
    // Scratch memory stands behind the buffers.
    return kernel.stages.flatMap((stage) => usedOtherwise({ kernel: { ...stage, buffers: kernel.buffers }, buffers, scalars: [] }));
  }
  const found: number[] = [];
  const others = new Set<number>();
  kernel.buffers.forEach(({ dtype, use }, position) => {
    if (dtype === "float64" && use !== "read") found.push(buffers[position]!);
  });
  const lists: (readonly Entry[])[] = [
    ...("expression" in kernel ? [kernel.expression] : []),
    ...("epilogue" in kernel ? [kernel.epilogue] : []),
  ];
  for (const list of lists) {
    const isOnlyConverted = (position: number): boolean =>
      list.every((entry) => {
        if (entry.op !== "scalar" && entry.op !== "threefry") return true;
        return !entry.args.includes(position) || (entry.op === "scalar" && entry.f === "convert" && entry.dtype === "float32");
      });
    list.forEach((entry, position) => {
      if (entry.op === "load" && entry.dtype === "float64" && (!isOnlyConverted(position) || isRoot(kernel, list, position)))
        others.add(kernel.accesses[entry.access]!.buffer);
    });
  }
  return [...found, ...[...others].flatMap((position) => buffers[position] ?? [])];
}

/** Whether an entry is stored, reduced or scanned as it is. */
function isRoot(kernel: Kernel, list: readonly Entry[], position: number): boolean {
  const isEpilogue = "epilogue" in kernel && list === kernel.epilogue;
  if (kernel.kind === "reduce" && !isEpilogue) return kernel.reducers.some(({ value }) => value === position);
  if ("value" in kernel) return kernel.value === position;
  return "stores" in kernel && kernel.stores.some((store) => "value" in store && store.value === position);
}

function narrowKernel(bound: BoundKernel, narrow: ReadonlySet<number>): BoundKernel {
  const { kernel } = bound;
  const isNarrow = kernel.buffers.map((_, position) => narrow.has(bound.buffers[position] ?? -1));
  if (!isNarrow.includes(true)) return bound;
  const entries = (list: readonly Entry[]): Entry[] =>
    list.map((entry) => (entry.op === "load" && isNarrow[kernel.accesses[entry.access]!.buffer]! ? { ...entry, dtype: "float32" } : entry));
  const next = {
    ...kernel,
    buffers: kernel.buffers.map((buffer, i) => (isNarrow[i]! ? { ...buffer, dtype: "float32" as const } : buffer)),
  };
  if ("expression" in next) Object.assign(next, { expression: entries(next.expression) });
  if ("epilogue" in next) Object.assign(next, { epilogue: entries(next.epilogue) });
  if (next.kind === "row") {
    const stages = next.stages.map((stage) => narrowKernel({ ...bound, kernel: stage }, narrow).kernel);
    Object.assign(next, { stages });
  }
  return { ...bound, kernel: next };
}
