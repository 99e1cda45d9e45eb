/**
 * States of reducers that several invocations hold become one, in an order that their number, and that of a subgroup's
 * invocations, alone decide. Within a subgroup they go from register to register; what is left, and everything on devices
 * without subgroups, goes through workgroup memory.
 */
import type { Subgroups } from "./kernel-code.ts";
import type { ModuleWriter } from "./module-writer.ts";
import type { ReducerState } from "./reducers.ts";

/** Which invocations hold parts of one result. */
export interface Team {
  /** How many they are: a power of two. */
  readonly width: number;
  /** All invocations of the workgroup: as many results stand side by side as teams fit. */
  readonly size: number;
  /** u32 text of an invocation's number in its team. */
  readonly member: string;
  /** From one member of a team to the next in the workgroup, a power of two: 1, or the invocations between belong to other teams. */
  readonly step: number;
}

/** Name of the workgroup memory in which the `index`-th reducer's values meet. */
function sharedName(state: ReducerState, index: number): string {
  return `shared_${state.type}${index}`;
}

/** Members of a team whose registers meet, at least. */
function fewestMet({ width, step }: { readonly width: number; readonly step: number }, subgroups: Subgroups | null): number {
  return subgroups === null ? 1 : Math.min(width, Math.max(1, subgroups.min / step));
}

/** Bytes of workgroup memory that `combineTree` declares. Trees of one module share it. */
export function treeBytes(
  states: readonly { readonly hasPosition: boolean }[],
  team: { readonly width: number; readonly size: number; readonly step: number },
  subgroups: Subgroups | null,
): number {
  const met = fewestMet(team, subgroups);
  if (met === team.width) return 0;
  return states.reduce((bytes, { hasPosition }) => bytes + ((hasPosition ? 8 : 4) * team.size) / met, 0);
}

/**
 * Gives the first member of each team the combination of all members' states. All invocations must come here; between two
 * trees of a module they must meet at a barrier.
 */
export function combineTree(writer: ModuleWriter, states: readonly ReducerState[], team: Team): void {
  const subgroups = writer.surroundings.limits.subgroups ?? null;
  if (subgroups !== null) shuffle(writer, states, team, subgroups);
  const met = fewestMet(team, subgroups);
  if (met === team.width) return;
  states.forEach((state, i) => {
    const name = sharedName(state, i);
    // Workgroup memory holds no bool that several devices agree on: as u32.
    writer.declare(`var<workgroup> ${name}: array<${state.stored}, ${team.size / met}>;`);
    if (state.hasPosition) writer.declare(`var<workgroup> ${name}_at: array<i32, ${team.size / met}>;`);
  });
  if (subgroups === null) halve(writer, states, team);
  else gather(writer, states, team, subgroups);
}

function put(writer: ModuleWriter, states: readonly ReducerState[], at: string): void {
  states.forEach((state, i) => {
    const name = sharedName(state, i);
    writer.line(`${name}[${at}] = ${state.toStored()};`);
    if (state.hasPosition) writer.line(`${name}_at[${at}] = ${state.name}_at;`);
  });
}

/** Merges what stands at `at`. */
function take(writer: ModuleWriter, states: readonly ReducerState[], at: string): void {
  states.forEach((state, i) => {
    const value = writer.let("other", state.fromStored(`${sharedName(state, i)}[${at}]`));
    state.merge(value, state.hasPosition ? writer.let("other", `${sharedName(state, i)}_at[${at}]`) : "0i");
  });
}

/** A tree in workgroup memory: a barrier for each level. */
function halve(writer: ModuleWriter, states: readonly ReducerState[], { width, member, step }: Team): void {
  put(writer, states, "lane");
  writer.line(`for (var half = ${width / 2}u; half > 0u; half = half >> 1u) {`);
  writer.line("workgroupBarrier();");
  writer.line(`if (${member} < half) {`);
  take(writer, states, step === 1 ? "lane + half" : `lane + half * ${step}u`);
  put(writer, states, "lane");
  writer.line("}");
  writer.line("}");
}

/**
 * A butterfly over the registers of a subgroup: members whose numbers differ in one bit exchange their states, bit by bit. All
 * of them then hold the same, as merging is commutative; its association does not depend on a driver's `subgroupAdd`.
 */
function shuffle(writer: ModuleWriter, states: readonly ReducerState[], { width, step }: Team, { min, max }: Subgroups): void {
  for (let mask = step; mask < Math.min(width * step, max); mask *= 2) {
    // Outside of the condition: operations of subgroups stand in uniform control flow.
    const others = states.map((state) => ({
      value: writer.let("other", state.fromStored(`subgroupShuffleXor(${state.toStored()}, ${mask}u)`)),
      at: state.hasPosition ? writer.let("other", `subgroupShuffleXor(${state.name}_at, ${mask}u)`) : "0i",
    }));
    if (mask >= min) writer.line(`if (subgroup_size > ${mask}u) {`);
    states.forEach((state, i) => {
      state.merge(others[i]!.value, others[i]!.at);
    });
    if (mask >= min) writer.line("}");
  }
}

/** What subgroups hold meets in workgroup memory, and each team's first member takes it in order. */
function gather(writer: ModuleWriter, states: readonly ReducerState[], { width, member, step }: Team, { min, max }: Subgroups): void {
  const met =
    min === max
      ? `${Math.max(1, min / step)}u`
      : writer.let("met", step === 1 ? `min(${width}u, subgroup_size)` : `clamp(subgroup_size / ${step}u, 1u, ${width}u)`);
  const at = writer.let("at", step === 1 ? `lane / ${met}` : `lane / ${step}u / ${met} * ${step}u + lane % ${step}u`);
  writer.line(`if (${member} % ${met} == 0u) {`);
  put(writer, states, at);
  writer.line("}");
  writer.line("workgroupBarrier();");
  writer.line(`if (${member} == 0u) {`);
  writer.line(`for (var i = 1u; i < ${width}u / ${met}; i++) {`);
  take(writer, states, `${at} + i${step === 1 ? "" : ` * ${step}u`}`);
  writer.line("}");
  writer.line("}");
}
