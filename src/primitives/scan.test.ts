import { describe, expect, it } from "vitest";
import { differentiate } from "../autodiff/differentiate.ts";
import { evaluate } from "../backends/reference/interpreter.ts";
import {
  type ConcreteShape,
  concreteShape,
  dataTensor,
  type Node,
  parameterTensor,
  Subgraph,
  type Tensor,
  typeOf,
} from "../graph/index.ts";
import { expectGradients, randomTensor, valuesOf } from "../testing/finite-differences.ts";
import { add } from "./add.ts";
import { broadcastInDim } from "./broadcast-in-dim.ts";
import { constant } from "./constant.ts";
import { convGeneral } from "./conv-general.ts";
import { dotGeneral } from "./dot-general.ts";
import { full } from "./full.ts";
import { multiply } from "./multiply.ts";
import { reduceSum } from "./reduce-sum.ts";
import { reshape } from "./reshape.ts";
import { plainScan, scan } from "./scan.ts";
import { nodesBelow } from "./scan-parts.ts";
import { sigmoid } from "./sigmoid.ts";
import { slice } from "./slice.ts";
import { sin } from "./sin.ts";
import { subtract } from "./subtract.ts";
import { tanh } from "./tanh.ts";
import { transpose } from "./transpose.ts";
import { withGradient } from "./with-gradient.ts";

const parameter = (...shape: number[]): Tensor => parameterTensor(shape, "float64");
const matmul = (x: Tensor, w: Tensor): Tensor =>
  dotGeneral(x, w, { lhsBatch: [], rhsBatch: [], lhsContract: [x.rank - 1], rhsContract: [0] });
const row = (bias: Tensor, like: Tensor): Tensor => broadcastInDim(bias, concreteShape(like), [like.rank - 1]);

/** `h = tanh(x w + b + h u)`. Parameters h, x, w, u, b; results h, h. */
function simpleCell(batch: number, inputs: number, units: number): Subgraph {
  const [h, x, w, u, b] = [
    parameter(batch, units),
    parameter(batch, inputs),
    parameter(inputs, units),
    parameter(units, units),
    parameter(units),
  ];
  const projected = matmul(x, w);
  const next = tanh(add(add(projected, row(b, projected)), matmul(h, u)));
  return new Subgraph([h, x, w, u, b], [next, next]);
}

/** A long short-term memory: gates i, f, g, o. Parameters h, c, x, w, u, b; results h, c, h. */
function lstmCell(batch: number, inputs: number, units: number): Subgraph {
  const [h, c, x] = [parameter(batch, units), parameter(batch, units), parameter(batch, inputs)];
  const [w, u, b] = [parameter(inputs, 4 * units), parameter(units, 4 * units), parameter(4 * units)];
  const projected = matmul(x, w);
  const z = add(add(projected, matmul(h, u)), row(b, projected));
  const gate = (i: number): Tensor => slice(z, [0, i * units], [batch, (i + 1) * units]);
  const memory = add(multiply(sigmoid(gate(1)), c), multiply(sigmoid(gate(0)), tanh(gate(2))));
  const next = multiply(sigmoid(gate(3)), tanh(memory));
  return new Subgraph([h, c, x, w, u, b], [next, memory, next]);
}

const names = (nodes: readonly Node[]): string[] => nodes.map((node) => node.primitive.name);
const scansBelow = (tensors: readonly Tensor[]): Node[] => nodesBelow(tensors).filter((node) => node.primitive.name === "scan");
const bodyOf = (node: Node): Subgraph => node.attributes.body as Subgraph;
const below = (tensors: readonly Tensor[], name: string): Node[] => nodesBelow(tensors).filter((node) => node.primitive.name === name);

function expectSameValues(got: readonly Tensor[], expected: readonly Tensor[]): void {
  expect(got.length).toBe(expected.length);
  const b = evaluate(expected);
  evaluate(got).forEach((array, i) => {
    expect(array.shape).toEqual(b[i]!.shape);
    array.data.forEach((value, at) => expect(value).toBeCloseTo(b[i]!.data[at]!, 11));
  });
}

describe("scan", () => {
  const lstm = (batch: number, inputs: number, units: number, steps: number): Tensor[] => [
    randomTensor([batch, units], 1),
    randomTensor([batch, units], 2),
    randomTensor([steps, batch, inputs], 3),
    randomTensor([inputs, 4 * units], 4),
    randomTensor([units, 4 * units], 5),
    randomTensor([4 * units], 6),
  ];
  const runLstm = ([h, c, x, w, u, b]: readonly Tensor[], reverse = false): Tensor[] => {
    const [, batch, inputs] = concreteShape(x!);
    return scan(lstmCell(batch!, inputs!, concreteShape(u!)[0]!), { init: [h!, c!], xs: [x!], constants: [w!, u!, b!], reverse });
  };

  it("repeats the body in plain JavaScript's sense", () => {
    const [a, x, k] = [parameter(2), parameter(2), parameter(2)];
    const body = new Subgraph([a, x, k], [add(multiply(a, k), x), subtract(a, x)]);
    const [init, xs, factor] = [randomTensor([2], 1), randomTensor([4, 2], 2), randomTensor([2], 3)];
    for (const reverse of [false, true]) {
      const state = Array.from(valuesOf(init));
      const ys = new Array<number>(8);
      for (let i = 0; i < 4; i++) {
        const step = reverse ? 3 - i : i;
        for (let j = 0; j < 2; j++) {
          const slot = valuesOf(xs)[step * 2 + j]!;
          ys[step * 2 + j] = state[j]! - slot;
          state[j] = state[j]! * valuesOf(factor)[j]! + slot;
        }
      }
      const [last, stacked] = scan(body, { init: [init], xs: [xs], constants: [factor], reverse });
      expect(Array.from(valuesOf(last!))).toEqual(state.map((value) => expect.closeTo(value, 14)));
      expect(Array.from(valuesOf(stacked!))).toEqual(ys.map((value) => expect.closeTo(value, 14)));
    }
  });

  it("gives the same with and without what leaves the loop", () => {
    for (const reverse of [false, true]) {
      const inputs = lstm(2, 3, 4, 5);
      const [h, c, x, ...constants] = inputs;
      const plain = plainScan({ body: lstmCell(2, 3, 4), init: [h!, c!], xs: [x!], constants, length: 5, reverse });
      expectSameValues(runLstm(inputs, reverse), plain);
    }
  });

  it("computes input projections of all steps before the loop", () => {
    const outputs = runLstm(lstm(2, 3, 4, 5));
    const [node] = scansBelow(outputs);
    expect(below(bodyOf(node!).results, "dotGeneral").length).toBe(1);
    const outside = below(outputs, "dotGeneral");
    expect(outside.map((dot) => dot.types[0]!.shape)).toEqual([[5, 2, 16]]);
  });

  it("takes products of slices with constants out through views and elementwise work, whatever axis they stand on", () => {
    // The first row of the kernel is used as a mask over the features.
    const cell = (): Subgraph => {
      const [h, x, w] = [parameter(2, 4), parameter(2, 3), parameter(4, 3)];
      const mask = reshape(slice(w, [0, 0], [1, 3]), [3]);
      const masked = reshape(multiply(sin(x), row(mask, x)), [3, 2]);
      const left = dotGeneral(masked, w, { lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [1] });
      const right = dotGeneral(w, transpose(masked, [1, 0]), { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [1] });
      return new Subgraph([h, x, w], [add(h, add(left, transpose(right, [1, 0]))), h]);
    };
    const parts = { init: [randomTensor([2, 4], 1)], xs: [randomTensor([5, 2, 3], 2)], constants: [randomTensor([4, 3], 3)] };
    const outputs = scan(cell(), parts);
    expect(below(bodyOf(scansBelow(outputs)[0]!).results, "dotGeneral")).toEqual([]);
    expectSameValues(outputs, plainScan({ ...parts, body: cell(), length: 5, reverse: false }));
    expectGradients((h, x, w) => scan(cell(), { init: [h], xs: [x], constants: [w] }), [...parts.init, ...parts.xs, ...parts.constants]);
  });

  it("computes products that no step needs again after the loop", () => {
    const cell = (): Subgraph => {
      const [h, x, v] = [parameter(2, 3), parameter(2, 3), parameter(3, 5)];
      const next = tanh(add(h, x));
      return new Subgraph([h, x, v], [next, matmul(next, v), next]);
    };
    const parts = { init: [randomTensor([2, 3], 1)], xs: [randomTensor([4, 2, 3], 2)], constants: [randomTensor([3, 5], 3)] };
    const outputs = scan(cell(), parts);
    expect(below(bodyOf(scansBelow(outputs)[0]!).results, "dotGeneral")).toEqual([]);
    expectSameValues(outputs, plainScan({ ...parts, body: cell(), length: 4, reverse: false }));
    expectGradients((h, x, v) => scan(cell(), { init: [h], xs: [x], constants: [v] }), [...parts.init, ...parts.xs, ...parts.constants]);
  });

  it("takes values that are the same in every step out of the loop", () => {
    const [h, w] = [parameter(2, 3), parameter(3, 3)];
    const body = new Subgraph([h, w], [matmul(h, sin(matmul(w, w)))]);
    const outputs = scan(body, { init: [randomTensor([2, 3], 1)], xs: [], constants: [randomTensor([3, 3], 2)], length: 3 });
    expect(names(nodesBelow(bodyOf(scansBelow(outputs)[0]!).results)).filter((name) => name !== "parameter")).toEqual(["dotGeneral"]);
    const w0 = randomTensor([3, 3], 2);
    const once = (x: Tensor): Tensor => matmul(x, sin(matmul(w0, w0)));
    expectSameValues(outputs, [once(once(once(randomTensor([2, 3], 1))))]);
  });

  it("has first and second derivatives: a recurrent layer, both directions", () => {
    for (const reverse of [false, true]) {
      expectGradients(
        (h, x, w, u, b) => scan(simpleCell(2, 2, 3), { init: [h], xs: [x], constants: [w, u, b], reverse }),
        [randomTensor([2, 3], 1), randomTensor([3, 2, 2], 2), randomTensor([2, 3], 3), randomTensor([3, 3], 4), randomTensor([3], 5)],
      );
    }
  });

  it("has first and second derivatives: a long short-term memory", () => {
    expectGradients((...inputs) => runLstm(inputs), lstm(2, 2, 2, 3));
  });

  it("has gradients of the last carry alone, of the ys alone, and of nothing", () => {
    const inputs = [
      randomTensor([1, 2], 1),
      randomTensor([3, 1, 2], 2),
      randomTensor([2, 2], 3),
      randomTensor([2, 2], 4),
      randomTensor([2], 5),
    ];
    const run = ([h, x, w, u, b]: readonly Tensor[]): Tensor[] =>
      scan(simpleCell(1, 2, 2), { init: [h!], xs: [x!], constants: [w!, u!, b!] });
    expectGradients((...all) => run(all)[0]!, inputs);
    expectGradients((...all) => run(all)[1]!, inputs);
    const other = scan(new Subgraph([...simpleCell(1, 2, 2).parameters], [full([1, 2], 7, "float64")]), {
      init: [inputs[0]!],
      xs: [inputs[1]!],
      constants: inputs.slice(2),
    });
    expect(differentiate([other[0]!], inputs, [randomTensor([1, 2], 9)])).toEqual([null, null, null, null, null]);
  });

  it("sums the gradients of recurrent weights over time and batch in one contraction after the loop", () => {
    const inputs = lstm(2, 3, 4, 5);
    const outputs = runLstm(inputs);
    const ct = [randomTensor([5, 2, 4], 7)];
    const [dx, dw, du, db] = differentiate([outputs[2]!], [inputs[2]!, inputs[3]!, inputs[4]!, inputs[5]!], ct);
    for (const [gradient, contracted] of [
      [dw!, 2],
      [du!, 2],
    ] as const) {
      expect(gradient.node.primitive.name).toBe("dotGeneral");
      expect((gradient.node.attributes.lhsContract as number[]).length).toBe(contracted);
    }
    const loops = scansBelow([dx!, dw!, du!, db!]);
    expect(loops.length).toBe(2);
    const backward = loops[1]!;
    expect(backward.attributes.reverse).toBe(true);
    // The only product of a step is the one that carries the cotangent to the step before: nothing is computed twice.
    const visible = bodyOf(backward).results;
    expect(below(visible, "dotGeneral").length).toBe(1);
    // Carries: two cotangents and the bias, which is no product.
    expect(Number(backward.attributes.carries)).toBeLessThanOrEqual(3);
  });

  it("computes the gradient again where the loop kept nothing", () => {
    const parts = { body: lstmCell(1, 2, 2), length: 3, reverse: false };
    expectGradients((h, c, x, w, u, b) => plainScan({ ...parts, init: [h, c], xs: [x], constants: [w, u, b] }), lstm(1, 2, 2, 3));
  });

  it("accumulates what is no product, and goes through slices, sums and constant factors of weights", () => {
    const cell = (): Subgraph => {
      const [h, x, w, b] = [parameter(2, 2), parameter(2, 2), parameter(2, 4), parameter(2)];
      const first = slice(w, [0, 0], [2, 2]);
      const second = slice(w, [0, 2], [2, 4]);
      const mixed = matmul(sin(matmul(h, first)), add(second, multiply(first, full([2, 2], 0.5, "float64"))));
      const next = add(tanh(add(mixed, x)), row(multiply(b, b), x));
      return new Subgraph([h, x, w, b], [multiply(next, sin(add(h, row(b, h)))), reduceSum(next, [0, 1])]);
    };
    expectGradients(
      (h, x, w, b) => scan(cell(), { init: [h], xs: [x], constants: [w, b] }),
      [randomTensor([2, 2], 1), randomTensor([3, 2, 2], 2), randomTensor([2, 4], 3), randomTensor([2], 4)],
    );
  });

  it("has derivatives through convolutions, hoisted and recurrent", () => {
    const cell = (): Subgraph => {
      const [h, x, w, u] = [parameter(1, 4, 2), parameter(1, 4, 2), parameter(3, 2, 2), parameter(3, 2, 2)];
      const same = { padding: [[1, 1] as const] };
      const next = tanh(add(convGeneral(x, w, same), convGeneral(h, u, same)));
      return new Subgraph([h, x, w, u], [next, next]);
    };
    const inputs = [randomTensor([1, 4, 2], 1), randomTensor([3, 1, 4, 2], 2), randomTensor([3, 2, 2], 3), randomTensor([3, 2, 2], 4)];
    const run = ([h, x, w, u]: readonly Tensor[]): Tensor[] => scan(cell(), { init: [h!], xs: [x!], constants: [w!, u!] });
    expectGradients((...all) => run(all), inputs);
    const outputs = run(inputs);
    expect(below(bodyOf(scansBelow(outputs)[0]!).results, "convGeneral").length).toBe(1);
    const [, du] = differentiate([outputs[1]!], [inputs[2]!, inputs[3]!], [randomTensor([3, 1, 4, 2], 5)]);
    expect(du!.node.primitive.name).toBe("convGeneral");
  });

  it("has derivatives of loops in loops", () => {
    const inner = (): Subgraph => {
      const [s, k] = [parameter(2), parameter(2)];
      return new Subgraph([s, k], [sin(multiply(s, k)), s]);
    };
    const outer = (): Subgraph => {
      const [s, x, k] = [parameter(2), parameter(2), parameter(2)];
      const [last, all] = scan(inner(), { init: [add(s, x)], xs: [], constants: [k], length: 2 });
      return new Subgraph([s, x, k], [last!, all!]);
    };
    expectGradients(
      (s, x, k) => scan(outer(), { init: [s], xs: [x], constants: [k] }),
      [randomTensor([2], 1), randomTensor([3, 2], 2), randomTensor([2], 3)],
    );
  });

  it("keeps custom gradients whose rule speaks about the body's values", () => {
    const cell = (): Subgraph => {
      const [h, x, w] = [parameter(2, 2), parameter(2, 2), parameter(2, 2)];
      const z = add(h, matmul(x, w));
      // The true derivative of sin, spelled with values of the body.
      const y = withGradient(sin(z), [z], (cotangent) => [multiply(cotangent, sin(add(z, full([2, 2], Math.PI / 2, "float64"))))]);
      return new Subgraph([h, x, w], [y, y]);
    };
    expectGradients(
      (h, x, w) => scan(cell(), { init: [h], xs: [x], constants: [w] }),
      [randomTensor([2, 2], 1), randomTensor([3, 2, 2], 2), randomTensor([2, 2], 3)],
    );
  });

  it("carries integers beside floats, without gradients", () => {
    const cell = (): Subgraph => {
      const [n, h] = [parameterTensor([], "int32"), parameter(2)];
      return new Subgraph([n, h], [add(n, constant(1, "int32")), sin(h), n]);
    };
    const counter = dataTensor(Int32Array.of(5), [], "int32");
    const outputs = scan(cell(), { init: [counter, randomTensor([2], 1)], xs: [], length: 3 });
    expect(Array.from(valuesOf(outputs[0]!))).toEqual([8]);
    expect(Array.from(valuesOf(outputs[2]!))).toEqual([5, 6, 7]);
    expectGradients((h) => scan(cell(), { init: [counter, h], xs: [], length: 3 })[1]!, [randomTensor([2], 1)]);
  });

  it("runs zero steps", () => {
    const inputs: [ConcreteShape, number][] = [
      [[2, 3], 1],
      [[0, 2, 2], 2],
      [[2, 3], 3],
      [[3, 3], 4],
      [[3], 5],
    ];
    const [h, ...rest] = inputs.map(([shape, seed]) => randomTensor(shape, seed));
    const outputs = scan(simpleCell(2, 2, 3), { init: [h!], xs: [rest[0]!], constants: rest.slice(1) });
    expectSameValues([outputs[0]!], [h!]);
    expect(typeOf(outputs[1]!).shape).toEqual([0, 2, 3]);
    const gradients = differentiate([outputs[0]!], [h!, rest[2]!], [h!]);
    expectSameValues([gradients[0]!], [h!]);
    expect(Array.from(valuesOf(gradients[1]!)).every((value) => value === 0)).toBe(true);
  });

  it("refuses bodies that do not fit", () => {
    const body = simpleCell(2, 2, 3);
    const [h, x, w, u, b] = [
      randomTensor([2, 3], 1),
      randomTensor([4, 2, 2], 2),
      randomTensor([2, 3], 3),
      randomTensor([3, 3], 4),
      randomTensor([3], 5),
    ];
    expect(() => scan(body, { init: [h], xs: [x], constants: [w, u] })).toThrow(/the number of the body's parameters is wrong/);
    expect(() => scan(body, { init: [h], xs: [x], constants: [w, u, b], length: 5 })).toThrow(/one slice per step/);
    expect(() => scan(body, { init: [randomTensor([2, 4], 1)], xs: [x], constants: [w, u, b] })).toThrow(/E_SHAPE/);
    const growing = new Subgraph([parameter(2)], [full([3], 0, "float64")]);
    expect(() => scan(growing, { init: [randomTensor([2], 1)], xs: [], length: 2 })).toThrow(/carry 0 has the wrong shape/);
    expect(() => scan(growing, { init: [randomTensor([2], 1)], xs: [] })).toThrow(/no number of steps/);
  });
});
