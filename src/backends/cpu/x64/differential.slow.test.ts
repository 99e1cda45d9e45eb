import { describe, it } from "vitest";
import { randomContraction } from "../loops/contract/random-contraction.ts";
import { randomCumulative, randomMap, randomReduce, randomScatter, randomSort } from "../loops/random-kernel.ts";
import { checkContraction, checkKernel, kinds, randomOptions } from "./check-native.ts";

describe.each(kinds)("machine code for %s, at length,", (kind) => {
  it.each([
    ["maps", randomMap, 500],
    ["reductions", randomReduce, 500],
    ["scans", randomCumulative, 300],
    ["scatters", randomScatter, 300],
    ["sorts", randomSort, 100],
  ] as const)("of random %s does what they mean", { timeout: 600_000 }, (_, make, count) => {
    for (let seed = 1000; seed < 1000 + count; seed++) checkKernel(make(seed, randomOptions(seed)), seed, kind);
  });

  it("of random contractions does what they mean", { timeout: 600_000 }, () => {
    for (let seed = 1000; seed < 1600; seed++) checkContraction(randomContraction(seed), seed, kind);
  });
});
