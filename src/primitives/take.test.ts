import { describe, expect, it } from "vitest";
import { evaluate } from "../backends/reference/interpreter.ts";
import { type ConcreteShape, concreteShape, dataTensor, stridesOf, type Tensor, typeOf, withScope } from "../graph/index.ts";
import { expectGradients, randomIntegers, randomTensor, valuesOf } from "../testing/finite-differences.ts";
import { gatherOrScatter } from "../testing/gather.ts";
import { gatherNd } from "./gather-nd.ts";
import { eachIndex, positionOf } from "./indices.ts";
import { scatterNd } from "./scatter-nd.ts";
import { take } from "./take.ts";
import { takeAlongAxis } from "./take-along-axis.ts";
import { takeAlongAxisScatterAdd } from "./take-along-axis-scatter-add.ts";
import { takeScatterAdd } from "./take-scatter-add.ts";

const ints = (values: number[], shape: ConcreteShape = [values.length]): Tensor => dataTensor(Int32Array.from(values), shape, "int32");
const at = (x: Tensor, index: readonly number[]): number => valuesOf(x)[positionOf(index, stridesOf(concreteShape(x)))]!;
const array = (x: Tensor): number[] => Array.from(evaluate([x])[0]!.data);

describe("take", () => {
  it("selects slices along any axis by indices of any rank", () => {
    for (const [shape, axis, indexShape] of [
      [[5, 3], 0, [2, 2]],
      [[2, 4, 3], 1, [3]],
      [[2, 3], 1, []],
      [[4], 0, [2, 1, 2]],
      [[3, 2], 0, [0]],
    ] as const) {
      const x = randomTensor(shape, 1);
      const indices = randomIntegers(indexShape, shape[axis]!, 2);
      const out = take(x, indices, axis);
      const expected: number[] = [];
      eachIndex(typeOf(out).shape, (index) => {
        const which = valuesOf(indices)[positionOf(index.slice(axis, axis + indexShape.length), stridesOf(indexShape))]!;
        expected.push(at(x, [...index.slice(0, axis), which, ...index.slice(axis + indexShape.length)]));
      });
      expect(array(out)).toEqual(expected);
      expect(gatherOrScatter(out)).toEqual(expected);
    }
  });

  it("moves indices inside in mode clamp, and throws in mode check, naming the layer and the index", () => {
    const x = randomTensor([3, 2], 1);
    expect(array(take(x, ints([-5, 7]), 0, "clamp"))).toEqual(array(take(x, ints([0, 2]), 0)));
    expect(gatherOrScatter(take(x, ints([-5, 7]), 0, "clamp"))).toEqual(array(take(x, ints([0, 2]), 0)));
    const lookup = withScope('Embedding "tokens"', () => take(x, ints([1, 3]), 0));
    expect(() => evaluate([lookup])).toThrow(
      /E_INDEX {2}Embedding "tokens"\/take: an index is out of range\n {2}expected {2}integers from 0 to 2\n {2}received {2}3/,
    );
    expect(() => evaluate([take(x, ints([-1]), 0)])).toThrow(/received {2}-1/);
  });

  it("refuses float indices, axes that do not exist, and empty axes", () => {
    const x = randomTensor([3, 2], 1);
    expect(() => take(x, randomTensor([2], 2), 0)).toThrow(/E_DTYPE/);
    expect(() => take(x, ints([0]), 2)).toThrow(/E_SHAPE/);
    expect(() => take(randomTensor([0, 2], 1), ints([0]), 0)).toThrow(/no elements/);
  });

  it("and its transpose have first and second derivatives, also where indices repeat or are clamped", () => {
    expectGradients((x) => take(x, ints([4, 0, 2, 0], [2, 2]), 0), [randomTensor([5, 3], 1)]);
    expectGradients((x) => take(x, ints([-3, 1, 9]), 1, "clamp"), [randomTensor([2, 3], 1)]);
    expectGradients((x, u) => takeScatterAdd(x, ints([1, 1, 2]), u, 1), [randomTensor([2, 3, 2], 1), randomTensor([2, 3, 2], 2)]);
  });
});

describe("takeScatterAdd", () => {
  it("adds every update, also several to one place", () => {
    const out = takeScatterAdd(randomTensor([2, 3], 1), ints([2, 0, 2]), randomTensor([2, 3], 2), 1);
    const x = valuesOf(randomTensor([2, 3], 1));
    const u = valuesOf(randomTensor([2, 3], 2));
    const expected = [x[0]! + u[1]!, x[1]!, x[2]! + u[0]! + u[2]!, x[3]! + u[4]!, x[4]!, x[5]! + u[3]! + u[5]!];
    expect(array(out)).toEqual(expected.map((value) => expect.closeTo(value, 14)));
    expect(gatherOrScatter(out)).toEqual(expected.map((value) => expect.closeTo(value, 14)));
  });
});

describe("takeAlongAxis", () => {
  it("selects one element per index", () => {
    for (const [shape, axis, count] of [
      [[3, 4], 1, 2],
      [[2, 3, 2], 1, 4],
      [[4, 2], 0, 3],
      [[5], 0, 2],
    ] as const) {
      const x = randomTensor(shape, 1);
      const indices = randomIntegers(
        shape.map((extent, i) => (i === axis ? count : extent)),
        shape[axis]!,
        3,
      );
      const out = takeAlongAxis(x, indices, axis);
      const expected: number[] = [];
      eachIndex(concreteShape(indices), (index, position) => {
        expected.push(
          at(
            x,
            index.map((i, a) => (a === axis ? valuesOf(indices)[position]! : i)),
          ),
        );
      });
      expect(array(out)).toEqual(expected);
      expect(gatherOrScatter(out)).toEqual(expected);
      const added = takeAlongAxisScatterAdd(x, indices, out, axis);
      expect(gatherOrScatter(added)).toEqual(array(added).map((value) => expect.closeTo(value, 13)));
    }
  });

  it("and its transpose have first and second derivatives", () => {
    expectGradients((x) => takeAlongAxis(x, ints([0, 3, 3, 2, 1, 1], [3, 2]), 1), [randomTensor([3, 4], 1)]);
    expectGradients(
      (x, u) => takeAlongAxisScatterAdd(x, ints([2, 2, -1, 5], [2, 2]), u, 0, "clamp"),
      [randomTensor([3, 2], 1), randomTensor([2, 2], 2)],
    );
  });
});

describe("gatherNd and scatterNd", () => {
  it("select by tuples of indices", () => {
    const x = randomTensor([3, 4, 2], 1);
    const out = gatherNd(x, ints([0, 3, 2, 1], [2, 2]));
    const expected = [at(x, [0, 3, 0]), at(x, [0, 3, 1]), at(x, [2, 1, 0]), at(x, [2, 1, 1])];
    expect(array(out)).toEqual(expected);
    expect(gatherOrScatter(out)).toEqual(expected);
    expect(array(gatherNd(x, ints([1, 2, 1])))).toEqual([at(x, [1, 2, 1])]);
    expect(array(gatherNd(x, ints([], [1, 0])))).toEqual(array(x));
  });

  it("add all updates of a place, and write the last", () => {
    const indices = ints([2, 0, 2], [3, 1]);
    const updates = dataTensor(Float64Array.of(10, 20, 30), [3], "float64");
    const x = dataTensor(Float64Array.of(1, 2, 3), [3], "float64");
    for (const [write, expected] of [
      ["add", [21, 2, 43]],
      ["set", [20, 2, 30]],
    ] as const) {
      const out = scatterNd(x, indices, updates, write);
      expect(array(out)).toEqual(expected);
      expect(gatherOrScatter(out)).toEqual(expected);
    }
  });

  it("throw where an index is out of range", () => {
    expect(() => evaluate([gatherNd(randomTensor([3, 2], 1), ints([1, 2], [1, 2]))])).toThrow(/integers from 0 to 1\n {2}received {2}2/);
    expect(() => evaluate([scatterNd(randomTensor([3], 1), ints([3], [1, 1]), randomTensor([1], 2), "set")])).toThrow(
      /scatterNdSet: an index is out of range/,
    );
    expect(() => gatherNd(randomTensor([3, 2], 1), ints([1, 2, 3], [1, 3]))).toThrow(/E_SHAPE/);
    expect(() => scatterNd(randomTensor([3], 1), ints([0], [1, 1]), randomTensor([2], 2), "add")).toThrow(
      /the array of updates has the wrong shape/,
    );
  });

  it("have first and second derivatives; an overwritten update has none", () => {
    expectGradients((x) => gatherNd(x, ints([0, 3, 2, 1, 0, 3], [3, 2])), [randomTensor([3, 4], 1)]);
    expectGradients((x, u) => scatterNd(x, ints([2, 0, 2, 2], [4, 1]), u, "add"), [randomTensor([3, 2], 1), randomTensor([4, 2], 2)]);
    expectGradients((x, u) => scatterNd(x, ints([2, 0, 2, 2], [4, 1]), u, "set"), [randomTensor([3, 2], 1), randomTensor([4, 2], 2)]);
  });
});
