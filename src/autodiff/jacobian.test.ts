import { describe, expect, it } from "vitest";
import { evaluate } from "../backends/reference/index.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { dataTensor, type Tensor } from "../graph/index.ts";
import { broadcastInDim, constant, convert, multiply, reduceProd, reduceSum, reshape, sin, slice, transpose } from "../primitives/index.ts";
import { hessian, jacobian } from "./jacobian.ts";

const tensor = (shape: readonly number[], ...values: number[]): Tensor => dataTensor(Float64Array.from(values), shape, "float64");
const numbersOf = (t: Tensor): number[] => Array.from(evaluate([t])[0]!.data);

describe("jacobian", () => {
  it("has the shape of the result and then of the argument", () => {
    const x = tensor([2, 3], 1, 2, 3, 4, 5, 6);
    const j = jacobian((y: Tensor) => transpose(multiply(y, y), [1, 0]))(x);
    expect(j.shape).toEqual([3, 2, 2, 3]);
    const values = numbersOf(j);
    for (let a = 0; a < 3; a++) {
      for (let b = 0; b < 2; b++) {
        for (let c = 0; c < 2; c++) {
          for (let d = 0; d < 3; d++) expect(values[((a * 2 + b) * 2 + c) * 3 + d]).toBe(b === c && a === d ? 2 * (c * 3 + d + 1) : 0);
        }
      }
    }
  });

  it("takes scalars, data, and results that do not depend on the argument", () => {
    const total = jacobian((x: Tensor) => reduceSum(sin(x), [0]))(tensor([2], 0.5, 1));
    expect(numbersOf(total)).toEqual([Math.cos(0.5), Math.cos(1)]);
    const data = jacobian((x: Tensor | number[]) => slice(x as Tensor, [0], [2]))([1, 2, 3]);
    expect(numbersOf(data)).toEqual([1, 0, 0, 0, 1, 0]);
    expect(numbersOf(jacobian(() => tensor([2], 1, 2))(tensor([1], 7)))).toEqual([0, 0]);
  });

  it("can be differentiated", () => {
    const x = tensor([2], 0.5, 1);
    const second = jacobian((y: Tensor) => jacobian((z: Tensor) => sin(z))(y))(x);
    expect(second.shape).toEqual([2, 2, 2]);
    const expected = [-Math.sin(0.5), 0, 0, 0, 0, 0, 0, -Math.sin(1)];
    numbersOf(second).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 14));
  });

  it("builds the backward pass once, whatever the size of the result", () => {
    const nodes = (size: number): number => {
      const x = dataTensor(new Float64Array(size), [size], "float64");
      const seen = new Set<number>();
      const walk = (t: Tensor): void => {
        if (seen.has(t.node.id)) return;
        seen.add(t.node.id);
        t.node.inputs.forEach(walk);
      };
      walk(jacobian((y: Tensor) => multiply(sin(y), y))(x));
      return seen.size;
    };
    expect(nodes(60)).toBe(nodes(5));
    // More rows than are computed at a time: a loop around them.
    expect(nodes(5000)).toBe(nodes(500));
  });

  it("goes over many rows in blocks, of which the last is not full", () => {
    const count = 131;
    const x = tensor([3], 0.3, 0.7, 1.1);
    const weights = Float64Array.from({ length: count * 3 }, (_, i) => Math.cos(i));
    const w = dataTensor(weights, [count, 3], "float64");
    const j = jacobian((y: Tensor) => reduceSum(multiply(w, broadcastInDim(sin(y), [count, 3], [1])), [1]))(x);
    expect(j.shape).toEqual([count, 3]);
    const slopes = [0.3, 0.7, 1.1].map(Math.cos);
    numbersOf(j).forEach((value, i) => expect(value).toBeCloseTo(weights[i]! * slopes[i % 3]!, 12));
  });

  it("refuses integers", () => {
    expect(() => jacobian((x: Tensor) => convert(x, "int32"))(tensor([2], 1, 2))).toThrow(DTypeError);
  });
});

describe("hessian", () => {
  it("gives second derivatives", () => {
    const h = hessian((x: Tensor) => reduceProd(x, [0]))(tensor([3], 2, 3, 5));
    expect(h.shape).toEqual([3, 3]);
    expect(numbersOf(h)).toEqual([0, 5, 3, 5, 0, 2, 3, 2, 0]);
  });

  it("is symmetric in a matrix argument and refuses functions that are no scalar", () => {
    const h = hessian((x: Tensor) => {
      const product = multiply(slice(reshape(x, [4]), [0], [3]), slice(sin(reshape(x, [4])), [1], [4]));
      return multiply(reduceSum(product, [0]), constant(2, "float64"));
    })(tensor([2, 2], 0.5, 1, -2, 0.25));
    expect(h.shape).toEqual([2, 2, 2, 2]);
    const values = numbersOf(h);
    for (let i = 0; i < 4; i++) for (let j = 0; j < 4; j++) expect(values[i * 4 + j]).toBeCloseTo(values[j * 4 + i]!, 14);
    expect(() => hessian((x: Tensor) => x)(tensor([2], 1, 2))).toThrow(ShapeError);
  });
});
