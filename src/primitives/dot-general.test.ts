import { describe, expect, it } from "vitest";
import { evaluate } from "../backends/reference/interpreter.ts";
import { type ConcreteShape, dataTensor, sizeOf, stridesOf, typeOf } from "../graph/index.ts";
import { dotGeneral, type DotDimensions, dotGeneralPrimitive } from "./dot-general.ts";
import { contract } from "../testing/contract.ts";
import { expectGradients, randomTensor, valuesOf } from "../testing/finite-differences.ts";
import { eachIndex, positionOf } from "./indices.ts";

/** Sum over all pairs of indices that agree on the paired axes, straight from the definition. */
function naive(lhs: Float64Array, lhsShape: ConcreteShape, rhs: Float64Array, rhsShape: ConcreteShape, d: DotDimensions): number[] {
  const lhsFree = lhsShape.map((_, i) => i).filter((i) => !d.lhsBatch.includes(i) && !d.lhsContract.includes(i));
  const rhsFree = rhsShape.map((_, i) => i).filter((i) => !d.rhsBatch.includes(i) && !d.rhsContract.includes(i));
  const shape = [...d.lhsBatch.map((i) => lhsShape[i]!), ...lhsFree.map((i) => lhsShape[i]!), ...rhsFree.map((i) => rhsShape[i]!)];
  const out = new Array<number>(sizeOf(shape)).fill(0);
  const strides = stridesOf(shape);
  eachIndex(lhsShape, (l, lhsAt) => {
    eachIndex(rhsShape, (r, rhsAt) => {
      if (d.lhsBatch.some((axis, i) => l[axis] !== r[d.rhsBatch[i]!])) return;
      if (d.lhsContract.some((axis, i) => l[axis] !== r[d.rhsContract[i]!])) return;
      const at = [...d.lhsBatch.map((i) => l[i]!), ...lhsFree.map((i) => l[i]!), ...rhsFree.map((i) => r[i]!)];
      out[positionOf(at, strides)]! += lhs[lhsAt]! * rhs[rhsAt]!;
    });
  });
  return out;
}

const cases: [string, ConcreteShape, ConcreteShape, DotDimensions][] = [
  ["matrix by matrix", [3, 4], [4, 5], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] }],
  ["transposed operands", [4, 3], [5, 4], { lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [1] }],
  ["batched", [2, 3, 4], [2, 4, 3], { lhsBatch: [0], rhsBatch: [0], lhsContract: [2], rhsContract: [1] }],
  ["axes in odd places", [2, 3, 4, 2], [4, 3, 2, 3], { lhsBatch: [3], rhsBatch: [2], lhsContract: [2, 1], rhsContract: [0, 1] }],
  [
    "contracted in another order than stored",
    [2, 3, 4],
    [4, 2, 3],
    { lhsBatch: [], rhsBatch: [], lhsContract: [2, 0, 1], rhsContract: [0, 1, 2] },
  ],
  ["two batch axes", [2, 3, 2, 4], [3, 4, 2, 2], { lhsBatch: [0, 1], rhsBatch: [2, 0], lhsContract: [3], rhsContract: [1] }],
  ["vector by vector", [3], [3], { lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [0] }],
  ["outer product", [2], [3], { lhsBatch: [], rhsBatch: [], lhsContract: [], rhsContract: [] }],
  ["an empty inner axis", [2, 0], [0, 3], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] }],
];

describe("dotGeneral", () => {
  for (const [name, lhsShape, rhsShape, dimensions] of cases) {
    const lhs = randomTensor(lhsShape, 1);
    const rhs = randomTensor(rhsShape, 2);

    it(`sums products over paired axes: ${name}`, () => {
      const out = dotGeneral(lhs, rhs, dimensions);
      const expected = naive(valuesOf(lhs), lhsShape, valuesOf(rhs), rhsShape, dimensions);
      const got = evaluate([out])[0]!;
      expect(got.data.length).toBe(expected.length);
      expected.forEach((value, i) => expect(got.data[i]).toBeCloseTo(value, 12));
    });

    it(`describes itself as a contraction: ${name}`, () => {
      const out = dotGeneral(lhs, rhs, dimensions);
      expect(contract(out)).toEqual(Array.from(evaluate([out])[0]!.data, (value) => expect.closeTo(value, 12)));
    });

    it(`has first and second derivatives: ${name}`, () => {
      expectGradients((x, y) => dotGeneral(x, y, dimensions), [lhs, rhs]);
    });
  }

  it("gives the gradients of a matrix product as contractions without a transposed copy", () => {
    const x = randomTensor([3, 4], 1);
    const w = randomTensor([4, 5], 2);
    const y = dotGeneral(x, w, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
    const cotangents = [randomTensor([3, 5], 3)];
    const rule = dotGeneralPrimitive.gradient!;
    const [dx, dw] = rule({
      inputs: [x, w],
      outputs: [y],
      attributes: y.node.attributes,
      cotangents,
      needed: [true, true],
      differentiate: () => [],
    });
    expect([dx!.node.primitive.name, dw!.node.primitive.name]).toEqual(["dotGeneral", "dotGeneral"]);
    expect(typeOf(dx!).shape).toEqual([3, 4]);
    expect(typeOf(dw!).shape).toEqual([4, 5]);
  });

  it("wraps integers", () => {
    const x = dataTensor(Int32Array.of(2147483647, 2), [1, 2], "int32");
    const y = dataTensor(Int32Array.of(2, 3), [2, 1], "int32");
    const out = dotGeneral(x, y, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
    expect(Array.from(evaluate([out])[0]!.data)).toEqual([4]);
  });

  it("refuses extents that do not pair up, naming both", () => {
    const plain: DotDimensions = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };
    expect(() => dotGeneral(randomTensor([2, 3], 1), randomTensor([4, 2], 2), plain)).toThrow(
      /E_SHAPE {2}dotGeneral: the contracted extents of \[2, 3\] and \[4, 2\] differ/,
    );
    expect(() => dotGeneral(randomTensor([2, 3], 1), randomTensor([4, 2], 2), { ...plain, lhsContract: [2] })).toThrow(
      /axis does not exist/,
    );
    expect(() => dotGeneral(randomTensor([2, 3], 1), dataTensor(new Float32Array(6), [3, 2], "float32"), plain)).toThrow(/E_DTYPE/);
  });
});
