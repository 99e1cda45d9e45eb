/** Which share of a data set is held out. */
import { ValueError } from "../errors.ts";

/** Throws ValueError where a share to hold out is none. */
export function checkTestSplit(where: string, testSplit: number): void {
  if (testSplit >= 0 && testSplit < 1) return;
  throw new ValueError({ where, problem: "testSplit is a share", expected: "a number from 0 to below 1", received: String(testSplit) });
}
