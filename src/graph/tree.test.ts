import { expect, it } from "vitest";
import { dataTensor } from "./leaves.ts";
import { flattenTree, mapTree, unflattenTree } from "./tree.ts";

const [a, b, c] = [1, 2, 3].map((n) => dataTensor(Float32Array.of(n), [], "float32"));

it("tensors are found in arrays and plain objects, in order", () => {
  expect(flattenTree({ x: [a, "text"], y: { z: b }, w: c, n: 5, f: () => a, t: new Float32Array(2) })).toEqual([a, b, c]);
});

it("mapping keeps what is no tensor, and what does not change", () => {
  const kept = { f: () => 0, data: new Float32Array(1) };
  const tree = { x: [a, 1], kept };
  const mapped = mapTree(tree, () => b);
  expect(mapped.x).toEqual([b, 1]);
  expect(mapped.kept).toBe(kept);
  expect(tree.x[0]).toBe(a);
  expect(mapTree(tree, (tensor) => tensor)).toBe(tree);
});

it("a tree is put together again from its tensors", () => {
  const tree = [a, { y: b }, "s"] as const;
  expect(unflattenTree(tree, [c, a])).toEqual([c, { y: a }, "s"]);
});
