/** Which register tile a contraction uses: a cost model of one step of k. */
import type { CpuTarget } from "../../target.ts";

/** `rows` x `vectors` accumulators. */
export interface TileShape {
  readonly rows: number;
  readonly vectors: number;
}

/**
 * Cycles of one step of k on a machine with two multiply-add pipes and two load ports.
 *
 * Multiply-adds: two a cycle. Loads: rows + vectors of them, somewhat less than two a cycle. Few accumulators wait for
 * the latency of their chain (4 cycles). Without fused multiply-add every instruction counts: about four a cycle are
 * started, loads included (measured on Zen 3: 4x2 reaches 34 of 44 GFLOP/s).
 */
export function cyclesPerStep(rows: number, vectors: number, fma: boolean): number {
  const products = rows * vectors;
  const loads = rows + vectors;
  if (fma) return Math.max(products / 2, loads * 0.7, 4);
  return Math.max((2 * products + loads + 3) / 4, 3);
}

/** Largest number of rows for a number of vectors, so that accumulators and operands stay in registers; 0: none. */
export function mostRows(vectors: number, target: CpuTarget): number {
  if (target.name === "wasm" && !target.fma) {
    // An engine without relaxed SIMD is one whose compiler moves all loads of a step before its arithmetic.
    return [0, 6, 4, 2, 2, 1, 1][vectors] ?? 0;
  }
  if (target.registers >= 32) return [0, 16, 14, 9, 6, 4, 4, 3, 2][vectors] ?? 0;
  const free = target.name === "wasm" ? 15 : 16;
  if (vectors > 4) return vectors <= 8 ? 1 : 0;
  return Math.min(12, Math.floor((free - 1 - vectors) / vectors));
}

/** Rows 0..extent in tiles of at most `most`, of two sizes that differ by one: [size, count] pairs, larger first. */
export function balancedRows(extent: number, most: number): readonly (readonly [size: number, count: number])[] {
  const tiles = Math.ceil(extent / most);
  const small = Math.floor(extent / tiles);
  const larger = extent - tiles * small;
  const pairs: [number, number][] = [
    [small + 1, larger],
    [small, tiles - larger],
  ];
  return pairs.filter(([, count]) => count > 0);
}

/**
 * Tiles for fewer than `rows` rows, larger first. Every size is code of its own, so a large tile has few: a batch leaves
 * some rows over once, and its code is made cold.
 */
export function restSizes(rows: number): readonly number[] {
  if (rows > 8) return [4, 1];
  return [4, 2, 1].filter((size) => size < rows);
}

/** Cycles a step of k costs for `extent` rows (Infinity: per row) and `columns` vectors with tiles of at most `shape`. */
function cost(extent: number, columns: number, shape: TileShape, fma: boolean): number {
  const rowsCost = (vectors: number): number => {
    if (extent === Infinity) return cyclesPerStep(shape.rows, vectors, fma) / shape.rows;
    return balancedRows(extent, shape.rows).reduce((sum, [size, count]) => sum + count * cyclesPerStep(size, vectors, fma), 0) / extent;
  };
  const full = Math.floor(columns / shape.vectors);
  const tail = columns - full * shape.vectors;
  return full * rowsCost(shape.vectors) + (tail > 0 ? rowsCost(tail) : 0);
}

/**
 * The cheapest tile for `extent` rows (Infinity where it is only known at run time) and `columns` vectors, and its cycles
 * per row and step. Its rows divide the extent where nearly as many do, since every size of a tile is code of its own.
 */
export function chooseTile(extent: number, columns: number, target: CpuTarget): TileShape & { readonly cycles: number } {
  let best: (TileShape & { readonly cycles: number }) | null = null;
  for (let vectors = 1; vectors <= Math.min(8, columns); vectors++) {
    const rows = Math.min(mostRows(vectors, target), extent);
    if (rows === 0) continue;
    const cycles = cost(extent, columns, { rows, vectors }, target.fma);
    if (best === null || cycles < best.cycles * 0.97) best = { rows, vectors, cycles };
  }
  const { rows, vectors, cycles } = best!;
  for (let size = rows; size >= Math.max(8, rows - 4); size--) if (extent % size === 0) return { rows: size, vectors, cycles };
  return { rows, vectors, cycles };
}

/**
 * Steps of k in one turn of the innermost loop. Machine code of a large tile needs none: what the loop itself adds, five
 * instructions to some 45, is started beside multiply-adds that wait for their pipes, and short code is made sooner.
 */
export function unrollOf(target: CpuTarget, { rows, vectors }: TileShape): number {
  if (target.name === "wasm") return target.fma ? 4 : 1;
  const products = rows * vectors;
  return products >= 12 ? 1 : products >= 6 ? 2 : 4;
}
