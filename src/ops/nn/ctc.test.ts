import { describe, expect, it } from "vitest";
import { evaluate } from "../../backends/reference/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { dataTensor, type Tensor } from "../../graph/index.ts";
import { randomNumbers, valuesOf } from "../../testing/finite-differences.ts";
import * as ops from "../index.ts";

const [time, classes] = [5, 3];
const logits = dataTensor(randomNumbers(2 * time * classes, 3).map((value) => value * 2), [2, time, classes], "float64"); // prettier-ignore
const ints = (data: number[], shape: number[]): Tensor => dataTensor(Int32Array.from(data), shape, "int32");
const lengths = ints([5, 4], [2]);

/** Probability of every label sequence, by going through all alignments (blank 0). */
function exhaustive(example: number, steps: number): Map<string, number> {
  const logs = valuesOf(ops.logSoftmax(logits));
  const found = new Map<string, number>();
  for (let code = 0; code < classes ** steps; code++) {
    let [rest, probability, last] = [code, 1, 0];
    const labels: number[] = [];
    for (let t = 0; t < steps; t++) {
      const one = rest % classes;
      rest = Math.floor(rest / classes);
      probability *= Math.exp(logs[(example * time + t) * classes + one]!);
      if (one !== 0 && one !== last) labels.push(one);
      last = one;
    }
    found.set(labels.join(), (found.get(labels.join()) ?? 0) + probability);
  }
  return found;
}

describe("connectionist temporal classification", () => {
  it("gives the loss of all alignments, Infinity where the label does not fit", () => {
    const target = ints([1, 1, 2, 2, 1, 0], [2, 3]);
    const loss = valuesOf(ops.ctcLoss(target, logits, ints([3, 2], [2]), lengths));
    expect(loss[0]).toBeCloseTo(-Math.log(exhaustive(0, 5).get("1,1,2")!), 12);
    expect(loss[1]).toBeCloseTo(-Math.log(exhaustive(1, 4).get("2,1")!), 12);
    // 1, 1, 1 needs five steps, two of them blanks.
    expect(valuesOf(ops.ctcLoss(ints([1, 1, 1, 1, 1, 1], [2, 3]), logits, ints([3, 3], [2]), ints([5, 4], [2])))[1]).toBe(Infinity);
    const none = valuesOf(ops.ctcLoss(target, logits, ints([0, 2], [2]), lengths));
    expect(none[0]).toBeCloseTo(-Math.log(exhaustive(0, 5).get("")!), 12);
  });

  it("finds the most probable sequences by searching prefixes", () => {
    const [paths, scores] = ops.ctcDecode(logits, lengths, { strategy: "beam_search", beamWidth: 50, topPaths: 3 });
    expect(paths.shape).toEqual([3, 2, 5]);
    [5, 4].forEach((steps, example) => {
      const ranked = [...exhaustive(example, steps)].sort((a, b) => b[1] - a[1]);
      for (let rank = 0; rank < 3; rank++) {
        const path = Array.from(valuesOf(paths).slice((rank * 2 + example) * 5, (rank * 2 + example + 1) * 5));
        const labels = path.filter((label) => label >= 0).join();
        expect(labels).toBe(ranked[rank]![0]);
        expect(valuesOf(scores)[example * 3 + rank]).toBeCloseTo(Math.log(ranked[rank]![1]), 12);
      }
    });
  });

  it("keeps the best class of each step where it is greedy", () => {
    const x = dataTensor(Float32Array.of(0, 2, 0, 0, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0, 4), [1, 5, 3], "float32");
    const [merged, score] = ops.ctcDecode(x, [5]);
    expect(Array.from(evaluate([merged])[0]!.data)).toEqual([1, 1, 2, -1, -1]);
    expect(valuesOf(score)).toEqual(Float64Array.of(-11));
    const [all] = ops.ctcDecode(x, [4], { mergeRepeated: false });
    expect(Array.from(evaluate([all])[0]!.data)).toEqual([1, 1, 1, -1, -1]);
  });

  it("refuses shapes and strategies that do not exist", () => {
    expect(() => ops.ctcLoss(ints([1], [1]), logits, lengths, lengths)).toThrow(ShapeError);
    expect(() => ops.ctcDecode(logits, lengths, "beam" as never)).toThrow(ValueError);
    expect(() => ops.ctcDecode(logits, lengths, { strategy: "beam_search", beamWidth: 2, topPaths: 3 })).toThrow(/topPaths/);
  });
});

describe("attention", () => {
  it("shares keys between heads, masks, and caps scores", () => {
    const q = dataTensor(randomNumbers(2 * 3 * 4 * 2, 6), [2, 3, 4, 2], "float64");
    const [k, v] = [7, 8].map((seed) => dataTensor(randomNumbers(2 * 5 * 2 * 2, seed), [2, 5, 2, 2], "float64")) as [Tensor, Tensor];
    const mask = ops.less(ops.arange(5), 4);
    const found = ops.dotProductAttention(q, k, v, { mask, scale: 0.5, attnLogitsSoftCap: 3 });
    const wide = (x: Tensor): Tensor => ops.repeat(x, 2, 2);
    const scores = ops.multiply(ops.einsum("btnh,bsnh->bnts", q, wide(k)), 0.5);
    const capped = ops.multiply(ops.tanh(ops.divide(scores, 3)), 3);
    const weights = ops.softmax(ops.where(mask, capped, -1e30));
    const wanted = ops.einsum("bnts,bsnh->btnh", weights, wide(v));
    valuesOf(found).forEach((value, i) => expect(value).toBeCloseTo(valuesOf(wanted)[i]!, 12));
    expect(() => ops.dotProductAttention(q, k, ops.ones([2, 4, 2, 2]))).toThrow(ShapeError);
    expect(() => ops.dotProductAttention(q, k, v, { mask: ops.ones([7], "bool") })).toThrow(ShapeError);
  });
});
