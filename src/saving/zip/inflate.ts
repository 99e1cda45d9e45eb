/** Deflated bytes, with a bound on what comes out. */
import { Inflate } from "fflate";
import { FormatError } from "../source.ts";

const pieceBytes = 65536;

/** The inflated bytes. Throws FormatError where they are damaged, or more than `limit`: no more memory than that is asked for. */
export function inflateBounded(where: string, deflated: Uint8Array, limit: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  let total = 0;
  const tooLong = (): FormatError =>
    new FormatError({
      where,
      problem: "compressed data is longer than it says",
      expected: `${limit} bytes or fewer`,
      received: "more",
      advice: "do not trust this file",
    });
  const inflate = new Inflate((piece) => {
    total += piece.length;
    if (total > limit) throw tooLong();
    pieces.push(piece);
  });
  try {
    for (let at = 0; at === 0 || at < deflated.length; at += pieceBytes)
      inflate.push(deflated.subarray(at, at + pieceBytes), at + pieceBytes >= deflated.length);
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError({
      where,
      problem: "compressed data is damaged",
      received: error instanceof Error ? error.message : String(error),
    });
  }
  const out = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
