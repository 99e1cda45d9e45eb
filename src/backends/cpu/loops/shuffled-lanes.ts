/** What shuffles mean. */
import type { ShuffleOp } from "./ir.ts";

/** Lanes of a block: from x where they are below 4, else from y. */
const ofBlock = {
  firstPairs: [0, 4, 1, 5],
  lastPairs: [2, 6, 3, 7],
  firstHalves: [0, 1, 4, 5],
  lastHalves: [2, 3, 6, 7],
} as const;

/** For each lane of the result, the lane of x that it is, or the lane of y and `lanes` more. */
export function shuffledLanes(f: ShuffleOp, lanes: number): number[] {
  return Array.from({ length: lanes }, (_, lane) => {
    const [block, place] = [lane >> 2, lane & 3];
    if (f !== "evenBlocks" && f !== "oddBlocks") {
      const from = ofBlock[f][place]!;
      return 4 * block + (from & 3) + (from < 4 ? 0 : lanes);
    }
    const half = lanes / 8;
    const source = 2 * (block % half) + (f === "evenBlocks" ? 0 : 1);
    return 4 * source + place + (block < half ? 0 : lanes);
  });
}
