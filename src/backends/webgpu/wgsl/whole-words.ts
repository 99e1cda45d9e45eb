/** Which buffers of shorter elements an invocation may write word by word, without atomics: it then computes all elements of its words. */
import type { Access, Axis, ContractKernel, Kernel, RowKernel } from "../../../compiler/kernels/kernel.ts";
import { isFloat } from "../../../dtype/index.ts";
import { storeAccesses } from "../../../compiler/passes/kernel-graph.ts";
import { plainHalves, type Surroundings } from "./kernel-code.ts";
import type { ModuleWriter } from "./module-writer.ts";
import { pointsOf } from "./points.ts";
import { type Lanes, lanesOf } from "./storage.ts";

/** Buffers written word by word, and how many neighbouring points an invocation takes therefore. */
export interface WholeWords {
  readonly owned: ReadonlySet<number>;
  readonly points: Lanes;
}

/** An invocation per point. */
export const noWords: WholeWords = { owned: new Set(), points: 1 };

/**
 * Whether points `lanes * i` to `lanes * i + lanes - 1` (row-major over `axes`, at one point of all others) store the elements
 * of one word, in order: along the innermost axes elements follow one another, and everything else moves by whole words.
 */
function storesWords(access: Access, space: readonly Axis[], axes: readonly number[], lanes: number): boolean {
  if (access.guards.length > 0 || access.dynamic.length > 0 || access.index.constant % lanes !== 0) return false;
  const coefficient = (axis: number): number => access.index.coefficients[axis] ?? 0;
  const moving = [...space.keys()].filter((axis) => space[axis]!.extent !== 1 || space[axis]!.dynamic);
  if (moving.some((axis) => !axes.includes(axis) && coefficient(axis) % lanes !== 0)) return false;
  let run = 1;
  let rest = axes.filter((axis) => moving.includes(axis));
  for (; rest.length > 0 && coefficient(rest.at(-1)!) === run; rest = rest.slice(0, -1)) run *= space[rest.at(-1)!]!.extent;
  // A run of all points may end within a word.
  return rest.length === 0 || (run % lanes === 0 && rest.every((axis) => coefficient(axis) % lanes === 0));
}

/**
 * Stores of a contraction whose four neighbouring columns are a vector of four floats (of two bytes or four) in memory, in a buffer that is written
 * alone: positions in `kernel.accesses`.
 */
export function vectorStores(kernel: ContractKernel, columns: readonly number[], surroundings: Surroundings): ReadonlySet<number> {
  const count = pointsOf(columns.map((axis) => kernel.axes[axis]!));
  return new Set(
    storeAccesses(kernel).filter((position, _, stores) => {
      const access = kernel.accesses[position]!;
      const { dtype, use } = kernel.buffers[access.buffer]!;
      const isAlone = stores.every((other) => other === position || kernel.accesses[other]!.buffer !== access.buffer);
      const isFixed = use === "write" && !surroundings.moved.has(access.buffer) && !surroundings.shared.has(access.buffer);
      return isFloat(dtype) && isFixed && isAlone && count % 4 === 0 && storesWords(access, kernel.axes, columns, 4);
    }),
  );
}

/**
 * What `kernel` (one with stores of its own) may write word by word. Its points over `axes` are divided in row-major order,
 * `axes` being the last of those that its stores depend on.
 */
export function wholeWords(kernel: Kernel, axes: readonly number[], surroundings: Surroundings): WholeWords {
  const stores = storeAccesses(kernel).map((position) => kernel.accesses[position]!);
  const owned = new Set<number>();
  let points: Lanes = 1;
  for (const access of stores) {
    const { buffer } = access;
    const lanes = lanesOf(kernel.buffers[buffer]!.dtype, surroundings.limits.float16 ?? plainHalves);
    const isAlone = stores.every((other) => other === access || other.buffer !== buffer);
    if (lanes === 1 || !isAlone || surroundings.unaligned.has(buffer) || !storesWords(access, kernel.axes, axes, lanes)) continue;
    owned.add(buffer);
    if (lanes > points) points = lanes;
  }
  return owned.size === 0 ? noWords : { owned, points };
}

/** The same for rows: `rank` axes are those of rows, and a stage's points within a row are divided. By stage. */
export function wholeWordsOfRows(kernel: RowKernel, surroundings: Surroundings): readonly WholeWords[] {
  const rank = kernel.axes.length;
  const found = kernel.stages.map((stage) =>
    stage.kind === "map" ? wholeWords(stage, [...stage.axes.keys()].slice(rank), surroundings) : noWords,
  );
  // A buffer that another stage writes in another way is written in parts by both.
  const inParts = new Set(
    kernel.stages.flatMap((stage, i) =>
      storeAccesses(stage).flatMap((position) => {
        const { buffer } = stage.accesses[position]!;
        return found[i]!.owned.has(buffer) ? [] : [buffer];
      }),
    ),
  );
  return found.map(({ owned, points }) => {
    const kept = new Set([...owned].filter((buffer) => buffer < kernel.buffers.length && !inParts.has(buffer)));
    return kept.size === 0 ? noWords : { owned: kept, points };
  });
}

/**
 * Writes what an invocation does for its points: those from `first * points` on, as far as there are `count` (u32 texts).
 * `body` takes the name of a point.
 */
export function forEachPoint(writer: ModuleWriter, first: string, count: string, points: Lanes, body: (point: string) => void): void {
  if (points === 1) {
    writer.line(`if (${first} >= ${count}) { return; }`);
    body(first);
    return;
  }
  const part = writer.fresh("part");
  writer.line(`for (var ${part} = 0u; ${part} < ${points}u; ${part}++) {`);
  const point = writer.let("point", `${first} * ${points}u + ${part}`);
  writer.line(`if (${point} >= ${count}) { return; }`);
  writer.isLast = writer.let("isLast", `(${part} == ${points - 1}u) | (${point} + 1u == ${count})`);
  body(point);
  writer.line("}");
}
