import { describe, expect, it } from "vitest";
import { evaluate } from "../backends/reference/interpreter.ts";
import {
  type ConcreteShape,
  type Contraction,
  concreteShape,
  dataTensor,
  type GradientContext,
  sizeOf,
  stridesOf,
  type Tensor,
  typeOf,
} from "../graph/index.ts";
import { contract } from "../testing/contract.ts";
import { expectGradients, randomNumbers, randomTensor, valuesOf } from "../testing/finite-differences.ts";
import { convGeneral, convGeneralPrimitive } from "./conv-general.ts";
import { channelsLast, type ConvDimensions } from "./conv-geometry.ts";
import { eachIndex, positionOf } from "./indices.ts";

const chosen = (spatialRank: number, options: Partial<ConvDimensions>): ConvDimensions => {
  const ones = new Array<number>(spatialRank).fill(1);
  return {
    strides: ones,
    padding: ones.map(() => [0, 0] as const),
    lhsDilation: ones,
    rhsDilation: ones,
    featureGroups: 1,
    batchGroups: 1,
    reverse: ones.map(() => false),
    ...channelsLast(spatialRank),
    ...options,
  };
};

/** The definition, in three steps: dilate and pad the image, dilate (and flip) the kernel, correlate. */
function naive(lhs: Tensor, rhs: Tensor, d: ConvDimensions): number[] {
  const x = valuesOf(lhs);
  const w = valuesOf(rhs);
  const xShape = concreteShape(lhs);
  const wShape = concreteShape(rhs);
  const spread = (extent: number, dilation: number): number => (extent === 0 ? 0 : (extent - 1) * dilation + 1);
  const canvas = xShape.slice();
  d.lhsLayout.spatial.forEach((axis, i) => (canvas[axis] = spread(xShape[axis]!, d.lhsDilation[i]!) + d.padding[i]![0] + d.padding[i]![1]));
  const stencil = wShape.slice();
  d.rhsLayout.spatial.forEach((axis, i) => (stencil[axis] = spread(wShape[axis]!, d.rhsDilation[i]!)));
  const image = new Map<string, number>();
  eachIndex(xShape, (index, at) => {
    const to = [...index];
    d.lhsLayout.spatial.forEach((axis, i) => (to[axis] = index[axis]! * d.lhsDilation[i]! + d.padding[i]![0]));
    image.set(to.join(), x[at]!);
  });
  const kernel = new Map<string, number>();
  eachIndex(wShape, (index, at) => {
    const to = [...index];
    d.rhsLayout.spatial.forEach((axis, i) => {
      const position = index[axis]! * d.rhsDilation[i]!;
      to[axis] = d.reverse[i]! ? stencil[axis]! - 1 - position : position;
    });
    kernel.set(to.join(), w[at]!);
  });
  const outShape = xShape.slice();
  outShape[d.outLayout.batch] = xShape[d.lhsLayout.batch]! / d.batchGroups;
  outShape[d.outLayout.feature] = wShape[d.rhsLayout.output]!;
  d.outLayout.spatial.forEach((axis, i) => {
    const room = canvas[d.lhsLayout.spatial[i]!]! - stencil[d.rhsLayout.spatial[i]!]!;
    outShape[axis] = room < 0 ? 0 : Math.floor(room / d.strides[i]!) + 1;
  });
  const inputs = wShape[d.rhsLayout.input]!;
  const perGroup = outShape[d.outLayout.feature]! / (d.featureGroups * d.batchGroups);
  const out = new Array<number>(sizeOf(outShape)).fill(0);
  const strides = stridesOf(outShape);
  eachIndex(outShape, (index) => {
    const o = index[d.outLayout.feature]!;
    const group = Math.floor(o / perGroup);
    eachIndex(
      d.rhsLayout.spatial.map((axis) => stencil[axis]!),
      (window) => {
        for (let c = 0; c < inputs; c++) {
          const from = new Array<number>(xShape.length);
          from[d.lhsLayout.batch] = index[d.outLayout.batch]! + (d.batchGroups > 1 ? group * outShape[d.outLayout.batch]! : 0);
          from[d.lhsLayout.feature] = c + (d.featureGroups > 1 ? group * inputs : 0);
          d.lhsLayout.spatial.forEach((axis, i) => (from[axis] = index[d.outLayout.spatial[i]!]! * d.strides[i]! + window[i]!));
          const tap = new Array<number>(wShape.length);
          tap[d.rhsLayout.input] = c;
          tap[d.rhsLayout.output] = o;
          d.rhsLayout.spatial.forEach((axis, i) => (tap[axis] = window[i]!));
          out[positionOf(index, strides)]! += (image.get(from.join()) ?? 0) * (kernel.get(tap.join()) ?? 0);
        }
      },
    );
  });
  return out;
}

/** A random convolution: shapes, layouts and options. */
function randomCase(seed: number): { lhs: ConcreteShape; rhs: ConcreteShape; dimensions: ConvDimensions } {
  const numbers = randomNumbers(200, seed);
  let next = 0;
  const pick = (low: number, high: number): number => low + Math.floor(((numbers[next++]! + 1) / 2) * (high - low + 1));
  const shuffled = (count: number): number[] => {
    const axes = Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = pick(0, i);
      [axes[i], axes[j]] = [axes[j]!, axes[i]!];
    }
    return axes;
  };
  const spatialRank = pick(1, 2);
  const rank = spatialRank + 2;
  const groups = pick(0, 2) === 0 ? pick(2, 3) : 1;
  const featureGroups = pick(0, 2) > 0 ? groups : 1;
  const batchGroups = featureGroups > 1 ? 1 : groups;
  const [batch, feature, ...spatial] = shuffled(rank);
  const [input, output, ...window] = shuffled(rank);
  const [outBatch, outFeature, ...places] = shuffled(rank);
  const inputs = pick(1, 2);
  const list = (low: number, high: number): number[] => Array.from({ length: spatialRank }, () => pick(low, high));
  const dimensions: ConvDimensions = {
    strides: list(1, 3),
    padding: Array.from({ length: spatialRank }, () => [pick(-1, 2), pick(-1, 2)] as const),
    lhsDilation: list(1, 2),
    rhsDilation: list(1, 2),
    featureGroups,
    batchGroups,
    reverse: list(0, 1).map((flag) => flag === 1),
    lhsLayout: { batch: batch!, feature: feature!, spatial },
    rhsLayout: { input: input!, output: output!, spatial: window },
    outLayout: { batch: outBatch!, feature: outFeature!, spatial: places },
  };
  const lhs = new Array<number>(rank);
  lhs[batch!] = batchGroups * pick(1, 2);
  lhs[feature!] = featureGroups * inputs;
  spatial.forEach((axis) => (lhs[axis] = pick(3, 4)));
  const rhs = new Array<number>(rank);
  rhs[input!] = inputs;
  rhs[output!] = groups * pick(1, 2);
  window.forEach((axis) => (rhs[axis] = pick(1, 3)));
  return { lhs, rhs, dimensions };
}

function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(got.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(got[i]).toBeCloseTo(expected[i]!, 11);
}

/** The two gradients of a convolution for a cotangent of the output's shape. */
function gradientsOf(y: Tensor): [Tensor, Tensor] {
  const context: GradientContext = {
    inputs: y.node.inputs,
    outputs: [y],
    attributes: y.node.attributes,
    cotangents: [randomTensor(concreteShape(y), 9)],
    needed: [true, true],
    differentiate: () => [],
  };
  const [dLhs, dRhs] = convGeneralPrimitive.gradient!(context);
  return [dLhs!, dRhs!];
}

function contractionOf(y: Tensor): Contraction {
  const { lowering } = y.node.primitive;
  if (lowering.kind !== "contract") throw new Error("no contraction");
  return lowering.contraction(y.node.inputs.map(typeOf), typeOf(y), y.node.attributes);
}

/** `m[image out0] n[output] k[window0 input]`, and which operand axes need a divisor or a guard. */
function summary(y: Tensor): { axes: string; guarded: number; divided: number } {
  const { axes, lhs, rhs } = contractionOf(y);
  const roles = ["batch", "m", "n", "k"].map((role) =>
    axes
      .filter((axis) => axis.role === role)
      .map((axis) => axis.name)
      .join(" "),
  );
  const all = [...lhs, ...rhs];
  return {
    axes: roles.join(" | "),
    guarded: all.filter((index) => index.guarded).length,
    divided: all.filter((index) => index.divisor !== undefined).length,
  };
}

describe("convGeneral", () => {
  it("computes the definition, for random ranks, layouts, strides, paddings, dilations, groups and reversals", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { lhs, rhs, dimensions } = randomCase(seed);
      const x = randomTensor(lhs, seed);
      const w = randomTensor(rhs, seed + 1000);
      expectClose(evaluate([convGeneral(x, w, dimensions)])[0]!.data, naive(x, w, dimensions));
    }
  });

  it("describes itself and both gradients as contractions, for random cases", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { lhs, rhs, dimensions } = randomCase(seed);
      const y = convGeneral(randomTensor(lhs, seed), randomTensor(rhs, seed + 1000), dimensions);
      expectClose(contract(y), evaluate([y])[0]!.data);
      for (const gradient of gradientsOf(y)) {
        if (gradient.node.primitive !== convGeneralPrimitive) continue;
        expectClose(contract(gradient), evaluate([gradient])[0]!.data);
      }
    }
  });

  it("has first and second derivatives, for random cases", () => {
    for (let seed = 1; seed <= 24; seed++) {
      const { lhs, rhs, dimensions } = randomCase(seed);
      expectGradients((x, w) => convGeneral(x, w, dimensions), [randomTensor(lhs, seed), randomTensor(rhs, seed + 1000)]);
    }
  });

  it("has first and second derivatives for three spatial axes, depthwise and pointwise kernels", () => {
    expectGradients(
      (x, w) =>
        convGeneral(
          x,
          w,
          chosen(3, {
            padding: [
              [0, 1],
              [1, 0],
              [0, 0],
            ],
          }),
        ),
      [randomTensor([1, 2, 3, 2, 1], 1), randomTensor([2, 2, 1, 1, 2], 2)],
    );
    expectGradients(
      (x, w) =>
        convGeneral(
          x,
          w,
          chosen(2, {
            featureGroups: 3,
            padding: [
              [1, 1],
              [1, 1],
            ],
          }),
        ),
      [randomTensor([1, 3, 3, 3], 3), randomTensor([2, 2, 1, 6], 4)],
    );
    expectGradients(
      (x, w) => convGeneral(x, w, chosen(2, { strides: [2, 2] })),
      [randomTensor([1, 3, 3, 2], 5), randomTensor([1, 1, 2, 3], 6)],
    );
    expectGradients((x, w) => convGeneral(x, w), [randomTensor([3, 2], 7), randomTensor([2, 2], 8)]);
  });

  it("walks forward, input gradient and filter gradient as plain matrix products over patches", () => {
    const valid = convGeneral(randomTensor([2, 6, 6, 3], 1), randomTensor([3, 3, 3, 4], 2));
    const [dx, dw] = gradientsOf(valid);
    expect(summary(valid)).toEqual({ axes: " | image out0 out1 | output | window0 window1 input", guarded: 0, divided: 0 });
    expect(summary(dx)).toEqual({ axes: " | image out0 out1 | output | window0 window1 input", guarded: 2, divided: 0 });
    // The kernel's places and input features by its output features, summed over images and places.
    expect(summary(dw)).toEqual({ axes: " | out0 out1 image | output | input window0 window1", guarded: 0, divided: 0 });
    expect(contractionOf(dw).axes.map((axis) => axis.extent)).toEqual([3, 3, 3, 4, 2, 4, 4]);

    const same = convGeneral(randomTensor([2, 6, 6, 3], 1), randomTensor([3, 3, 3, 4], 2), {
      padding: [
        [1, 1],
        [1, 1],
      ],
    });
    expect([summary(same), ...gradientsOf(same).map(summary)].map(({ guarded, divided }) => [guarded, divided])).toEqual([
      [2, 0],
      [2, 0],
      [2, 0],
    ]);

    const strided = convGeneral(randomTensor([2, 7, 7, 3], 1), randomTensor([3, 3, 3, 4], 2), { strides: [2, 2] });
    expect([summary(strided), ...gradientsOf(strided).map(summary)].map(({ guarded, divided }) => [guarded, divided])).toEqual([
      [0, 0],
      [2, 2],
      [0, 0],
    ]);

    const pointwise = convGeneral(randomTensor([2, 5, 5, 3], 1), randomTensor([1, 1, 3, 4], 2));
    expect([summary(pointwise), ...gradientsOf(pointwise).map(summary)].map(({ guarded, divided }) => [guarded, divided])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  it("keeps groups in both gradients, and swaps the features of a depthwise kernel without a copy", () => {
    const depthwise = convGeneral(randomTensor([2, 6, 6, 4], 1), randomTensor([3, 3, 1, 8], 2), { featureGroups: 4 });
    const [dx, dw] = gradientsOf(depthwise);
    expect(dx.node.attributes.featureGroups).toBe(4);
    expect(dx.node.inputs[1]!.node.primitive.name).toBe("reshape");
    expect(dw.node.attributes).toMatchObject({ featureGroups: 1, batchGroups: 4 });
    expect(typeOf(dw).shape).toEqual([3, 3, 1, 8]);
    expect(contractionOf(depthwise).axes[0]).toEqual({ extent: 4, role: "batch", name: "group" });
  });

  it("wraps integers", () => {
    const x = dataTensor(Int32Array.of(2147483647, 1), [1, 1, 2], "int32");
    const w = dataTensor(Int32Array.of(1, 1), [1, 2, 1], "int32");
    expect(Array.from(evaluate([convGeneral(x, w)])[0]!.data)).toEqual([-2147483648]);
  });

  it("gives an empty output where the window does not fit", () => {
    const y = convGeneral(randomTensor([1, 2, 1], 1), randomTensor([3, 1, 1], 2));
    expect(typeOf(y).shape).toEqual([1, 0, 1]);
    const [dx, dw] = gradientsOf(y);
    expect(Array.from(valuesOf(dx))).toEqual([0, 0]);
    expect(Array.from(valuesOf(dw))).toEqual([0, 0, 0]);
  });

  it("refuses operands and options that do not fit, saying what to do", () => {
    const x = randomTensor([1, 5, 5, 3], 1);
    expect(() => convGeneral(x, randomTensor([3, 3, 4, 2], 2))).toThrow(
      /the input's features do not match the kernel's\n {2}expected {2}4 features\n {2}received {2}3 features/,
    );
    expect(() => convGeneral(x, randomTensor([3, 3, 1, 4], 2), { featureGroups: 3 })).toThrow(/groups do not divide/);
    expect(() => convGeneral(x, randomTensor([3, 3, 3], 2))).toThrow(/same rank/);
    expect(() => convGeneral(x, randomTensor([3, 3, 3, 2], 2), { strides: [1] })).toThrow(/too few strides/);
    expect(() => convGeneral(x, randomTensor([3, 3, 3, 2], 2), { strides: [1, 0] })).toThrow(/positive integers/);
    expect(() => convGeneral(x, dataTensor(new Float32Array(54), [3, 3, 3, 2], "float32"))).toThrow(/E_DTYPE/);
  });
});
