/** From how many elements on rows are kept in cache from stage to stage; below, flat loops over all rows are faster. */
export const rowsFrom: number = 128;

/**
 * Whether 3x3 convolutions are computed by Winograd's minimal filtering: where that is faster (auto), never, or (tests)
 * wherever it can be: with the transformed arrays whole in memory, or in blocks of tiles where the form allows it.
 */
export type WinogradUse = "auto" | "never" | "whole" | "blocks";

/** What differs between the CPU's code generators, as data. The lowering in loops/ reads only this. */
export interface CpuTarget {
  readonly name: "wasm" | "avx2" | "avx512";
  /** float32 (and int32) lanes of a vector: 4, 8, 16. */
  readonly lanes: number;
  /** Vector registers: 16 (wasm, AVX2) or 32. */
  readonly registers: number;
  /** Whether multiply-add is one fused instruction. */
  readonly fma: boolean;
  /** Whether loads and stores can be masked to a run-time number of lanes (AVX-512). Otherwise tails run scalar. */
  readonly maskedTails: boolean;
  readonly l1Bytes: number;
  readonly l2Bytes: number;
}
