import { describe, expect, it } from "vitest";
import { evaluate } from "../backends/reference/interpreter.ts";
import { type ConcreteShape, concreteShape, dataTensor, stridesOf, type Tensor, typeOf, type WindowGeometry } from "../graph/index.ts";
import { expectGradients, randomTensor, valuesOf } from "../testing/finite-differences.ts";
import { eachIndex } from "./indices.ts";
import { reduceWindowSum } from "./reduce-window-sum.ts";
import { windowArgmax } from "./window-argmax.ts";
import { windowGather } from "./window-gather.ts";
import { windowScatter } from "./window-scatter.ts";

const none: readonly [number, number] = [0, 0];
const geometries: [string, ConcreteShape, WindowGeometry][] = [
  ["2x2 side by side", [2, 4, 6, 2], { window: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: [none, none, none, none] }],
  ["side by side with a remainder", [1, 5, 7, 2], { window: [1, 2, 3, 1], strides: [1, 2, 3, 1], padding: [none, none, none, none] }],
  ["overlapping and padded", [1, 5, 6, 2], { window: [1, 3, 3, 1], strides: [1, 2, 1, 1], padding: [none, [1, 1], [0, 2], none] }],
  ["with gaps, cropped in front", [9], { window: [2], strides: [3], padding: [[-1, 1]] }],
  ["larger stride than window, padded", [3, 7], { window: [1, 2], strides: [2, 4], padding: [none, [1, 0]] }],
  ["three sliding axes", [3, 2, 3], { window: [2, 2, 2], strides: [1, 1, 1], padding: [[1, 0], none, [0, 1]] }],
];

/** Elements of each window with their position in it, padding left out, straight from the definition. */
function windowsOf(x: Tensor, { window, strides, padding }: WindowGeometry): { at: number; position: number; value: number }[][] {
  const shape = concreteShape(x);
  const values = valuesOf(x);
  const steps = stridesOf(shape);
  const counts = shape.map((extent, axis) =>
    Math.max(0, Math.floor((extent + padding[axis]![0] + padding[axis]![1] - window[axis]!) / strides[axis]!) + 1),
  );
  const windows: { at: number; position: number; value: number }[][] = [];
  eachIndex(counts, (place) => {
    const elements: { at: number; position: number; value: number }[] = [];
    eachIndex(window, (offset, position) => {
      const index = place.map((o, axis) => o * strides[axis]! + offset[axis]! - padding[axis]![0]);
      if (index.some((i, axis) => i < 0 || i >= shape[axis]!)) return;
      const at = index.reduce((sum, i, axis) => sum + i * steps[axis]!, 0);
      elements.push({ at, position, value: values[at]! });
    });
    windows.push(elements);
  });
  return windows;
}

const array = (x: Tensor): number[] => Array.from(evaluate([x])[0]!.data);

describe("sliding windows", () => {
  for (const [name, shape, geometry] of geometries) {
    const x = randomTensor(shape, 1);
    const windows = windowsOf(x, geometry);
    const winners = windows.map((elements) => elements.reduce((best, element) => (element.value > best.value ? element : best)));

    it(`sum their elements: ${name}`, () => {
      const expected = windows.map((elements) => elements.reduce((sum, { value }) => sum + value, 0));
      expect(array(reduceWindowSum(x, geometry))).toEqual(expected.map((value) => expect.closeTo(value, 13)));
    });

    it(`know where their maximum stands, read it, and write to it: ${name}`, () => {
      const positions = windowArgmax(x, geometry);
      expect(positions.dtype).toBe("int32");
      expect(array(positions)).toEqual(winners.map(({ position }) => position));
      expect(array(windowGather(x, positions, geometry))).toEqual(winners.map(({ value }) => value));
      const values = randomTensor(concreteShape(positions), 2);
      const expected = new Array<number>(valuesOf(x).length).fill(0);
      winners.forEach(({ at }, i) => (expected[at]! += valuesOf(values)[i]!));
      expect(array(windowScatter(values, positions, geometry, shape))).toEqual(expected.map((value) => expect.closeTo(value, 13)));
    });

    it(`have first and second derivatives: ${name}`, () => {
      const positions = windowArgmax(x, geometry);
      expectGradients((y) => reduceWindowSum(y, geometry), [x]);
      expectGradients((y) => windowGather(y, windowArgmax(y, geometry), geometry), [x]);
      expectGradients((v) => windowScatter(v, positions, geometry, shape), [randomTensor(concreteShape(positions), 2)]);
    });
  }

  it("give the gradient of sums over windows side by side without windows", () => {
    const [, shape, geometry] = geometries[0]!;
    const y = reduceWindowSum(randomTensor(shape, 1), geometry);
    const [dx] = y.node.primitive.gradient!({
      inputs: y.node.inputs,
      outputs: [y],
      attributes: y.node.attributes,
      cotangents: [y],
      needed: [true],
      differentiate: () => [],
    });
    expect(dx!.node.primitive.name).toBe("reshape");
    expect(typeOf(dx!).shape).toEqual(shape);
  });

  it("let padding never win and the first NaN always", () => {
    const x = dataTensor(Float32Array.of(-5, -3, -3, NaN, 2, NaN, -Infinity, -Infinity), [8], "float32");
    const positions = windowArgmax(x, { window: [3], strides: [1], padding: [[2, 1]] });
    expect(array(positions)).toEqual([2, 2, 1, 2, 1, 0, 1, 0, 0]);
  });

  it("read zero at positions in the padding, and drop what is written there", () => {
    const geometry: WindowGeometry = { window: [2], strides: [1], padding: [[1, 0]] };
    const positions = dataTensor(Int32Array.of(0, 0, 1), [3], "int32");
    const x = dataTensor(Float64Array.of(5, 6, 7), [3], "float64");
    expect(array(windowGather(x, positions, geometry))).toEqual([0, 5, 7]);
    expect(array(windowScatter(x, positions, geometry, [3]))).toEqual([6, 0, 7]);
  });

  it("refuse windows that see padding only, and geometries that do not fit", () => {
    const x = randomTensor([3], 1);
    expect(() => windowArgmax(x, { window: [2], strides: [1], padding: [[2, 0]] })).toThrow(/sees padding only/);
    expect(() => windowArgmax(x, { window: [2], strides: [5], padding: [[0, 4]] })).toThrow(/sees padding only/);
    expect(() => reduceWindowSum(x, { window: [2, 2], strides: [1, 1], padding: [none, none] })).toThrow(/too many window extents/);
    expect(() => reduceWindowSum(x, { window: [0], strides: [1], padding: [none] })).toThrow(/E_VALUE/);
    expect(() => windowGather(x, dataTensor(new Int32Array(3), [3], "int32"), { window: [2], strides: [1], padding: [none] })).toThrow(
      /E_SHAPE/,
    );
  });
});
