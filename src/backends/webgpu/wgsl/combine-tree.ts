/** States of reducers that several invocations hold become one, in a tree whose form depends on their number alone. */
import type { ModuleWriter } from "./module-writer.ts";
import type { ReducerState } from "./reducers.ts";

/** Which invocations hold parts of one result. */
export interface Team {
  /** How many they are: a power of two. */
  readonly width: number;
  /** All invocations of the workgroup: as many results stand side by side as teams fit. */
  readonly size: number;
  /** u32 text of an invocation's number in its team; members of a team are neighbours. */
  readonly member: string;
}

/** Name of the workgroup memory in which the `index`-th reducer's values meet. */
function sharedName(state: ReducerState, index: number): string {
  return `shared_${state.type}${index}`;
}

/** Bytes of workgroup memory that `combineTree` declares. Trees of one module share it. */
export function treeBytes(states: readonly { readonly hasPosition: boolean }[], size: number): number {
  return states.reduce((bytes, { hasPosition }) => bytes + (hasPosition ? 8 : 4) * size, 0);
}

/**
 * Gives the first member of each team the combination of all members' states. All invocations must come here; between two
 * trees of a module they must meet at a barrier.
 */
export function combineTree(writer: ModuleWriter, states: readonly ReducerState[], { width, size, member }: Team): void {
  states.forEach((state, i) => {
    const name = sharedName(state, i);
    // Workgroup memory holds no bool that several devices agree on: as u32.
    writer.declare(`var<workgroup> ${name}: array<${state.type === "bool" ? "u32" : state.type}, ${size}>;`);
    if (state.hasPosition) writer.declare(`var<workgroup> ${name}_at: array<i32, ${size}>;`);
  });
  const put = (): void => {
    states.forEach((state, i) => {
      const name = sharedName(state, i);
      writer.line(`${name}[lane] = ${state.type === "bool" ? `select(0u, 1u, ${state.name})` : state.name};`);
      if (state.hasPosition) writer.line(`${name}_at[lane] = ${state.name}_at;`);
    });
  };
  put();
  writer.line(`for (var half = ${width / 2}u; half > 0u; half = half >> 1u) {`);
  writer.line("workgroupBarrier();");
  writer.line(`if (${member} < half) {`);
  states.forEach((state, i) => {
    const held = `${sharedName(state, i)}[lane + half]`;
    const value = writer.let("other", state.type === "bool" ? `${held} != 0u` : held);
    state.merge(value, state.hasPosition ? writer.let("other", `${sharedName(state, i)}_at[lane + half]`) : "0i");
  });
  put();
  writer.line("}");
  writer.line("}");
}
