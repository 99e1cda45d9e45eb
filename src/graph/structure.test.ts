import { expect, it } from "vitest";
import { add, broadcastInDim, constant, multiply, negate, reduceSum, stopGradient, take } from "../primitives/index.ts";
import { dataTensor, parameterTensor } from "./leaves.ts";
import { withScope } from "./scope.ts";
import { rebuild, structuralKey, structureOf } from "./structure.ts";
import { Subgraph } from "./subgraph.ts";
import type { Tensor } from "./tensor.ts";

const key = (shape: number[], f: (x: Tensor) => Tensor): string => {
  const x = parameterTensor(shape, "float32");
  return structuralKey(new Subgraph([x], [f(x)]));
};

it("keys are equal where the structure is, whoever built the nodes", () => {
  const square = (x: Tensor): Tensor => negate(multiply(x, x));
  expect(key([2, 3], square)).toBe(key([2, 3], square));
});

it("keys tell operations, operands, attributes, shapes, constants and results apart", () => {
  const keys = [
    key([2, 2], (x) => add(x, negate(x))),
    key([2, 2], (x) => add(negate(x), x)),
    key([2, 2], (x) => multiply(x, negate(x))),
    key([4, 2], (x) => add(x, negate(x))),
    key([2, 2], (x) => reduceSum(x, [0])),
    key([2, 2], (x) => reduceSum(x, [1])),
    key([2, 2], (x) => add(x, broadcastInDim(constant(2, "float32"), [2, 2], []))),
    key([2, 2], (x) => add(x, broadcastInDim(constant(-0, "float32"), [2, 2], []))),
    key([2, 2], (x) => add(x, broadcastInDim(constant(0, "float32"), [2, 2], []))),
    key([2, 2], (x) => x),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

it("what is shared is not what is computed twice", () => {
  const shared = key([2], (x) => {
    const y = negate(x);
    return add(y, y);
  });
  expect(shared).not.toBe(key([2], (x) => add(negate(x), negate(x))));
});

it("identities vanish", () => {
  expect(key([2], (x) => negate(stopGradient(x)))).toBe(key([2], negate));
});

it("given data counts by identity", () => {
  const one = dataTensor(Float32Array.of(1), [1], "float32");
  const other = dataTensor(Float32Array.of(2), [1], "float32");
  expect(key([1], (x) => add(x, one))).toBe(key([1], (x) => add(x, one)));
  expect(key([1], (x) => add(x, one))).not.toBe(key([1], (x) => add(x, other)));
});

it("an operation that can fail at run time keeps the user's name for it", () => {
  const index = dataTensor(Int32Array.of(0), [1], "int32");
  const inLayer = (name: string, mode: "check" | "clamp"): string => key([3], (x) => withScope(name, () => take(x, index, 0, mode)));
  expect(inLayer("a", "check")).not.toBe(inLayer("b", "check"));
  expect(inLayer("a", "clamp")).toBe(inLayer("b", "clamp"));
});

it("a rebuilt graph has the structure and the scopes, and none of the nodes", () => {
  const x = parameterTensor([2], "float32");
  const y = withScope("layer", () => multiply(negate(x), x));
  const structure = structureOf([y], (tensor) => (tensor.node === x.node ? "a0" : undefined));
  const z = parameterTensor([2], "float32");
  const copy = rebuild(structure, new Map([["a0", z]]))(structure.roots[0]!);
  expect(copy.node).not.toBe(y.node);
  expect(copy.node.scope).toBe("layer");
  expect(structuralKey(new Subgraph([z], [copy]))).toBe(structuralKey(new Subgraph([x], [y])));
});
