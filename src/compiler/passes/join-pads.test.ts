import { describe, expect, it } from "vitest";
import { differentiate } from "../../autodiff/differentiate.ts";
import { parameterTensor, Subgraph, type Tensor } from "../../graph/index.ts";
import { add, constant, pad, sigmoid, slice, tanh } from "../../primitives/index.ts";
import { filled } from "../../primitives/filled.ts";
import { compareWithExact, runnerOf } from "../../testing/compare.ts";
import { createNaiveBackend } from "../../testing/naive-backend.ts";
import { flatten } from "../flat-graph.ts";
import { simplify } from "./simplify.ts";

const zero = constant(0, "float32");
const parameter = (...shape: number[]): Tensor => parameterTensor(shape, "float32");
const padded = (x: Tensor, low: number, high: number, fill = zero): Tensor => pad(x, fill, [0, low], [0, high], [0, 0]);
const operations = (parameters: Tensor[], result: Tensor): string[] =>
  simplify(flatten(new Subgraph(parameters, [result]))).ops.map(({ primitive }) => primitive.name);

describe("sums of padded pieces", () => {
  const [a, b, c] = [parameter(2, 3), parameter(2, 1), parameter(2, 2)] as [Tensor, Tensor, Tensor];

  it("become one concatenation where the pieces lie side by side, in whatever order they are added", () => {
    const sum = add(add(padded(c, 4, 0), padded(a, 0, 3)), padded(b, 3, 2));
    expect(operations([a, b, c], sum)).toEqual(["concatenate"]);
  });

  it("stay sums where pieces overlap, leave a gap, are padded with something else or along other axes", () => {
    const parts: Tensor[] = [
      add(padded(a, 0, 2), padded(c, 2, 1)),
      add(padded(a, 0, 3), padded(c, 4, 0)),
      add(padded(a, 0, 2), padded(c, 3, 0, constant(1, "float32"))),
      add(pad(a, zero, [0, 0], [1, 1], [0, 0]), pad(parameter(1, 4), zero, [2, 0], [0, 0], [0, 0])),
      add(pad(b, zero, [0, 0], [0, 1], [1, 0]), pad(b, zero, [0, 1], [0, 0], [1, 0])),
    ];
    for (const sum of parts) expect(operations([a, b, c], sum)).toContain("add");
  });

  it("give the gradient of gates: the same numbers, stored piece by piece", async () => {
    const z = parameter(3, 6);
    const cut = (i: number): Tensor => slice(z, [0, 2 * i], [3, 2 * i + 2]);
    const y = add(add(tanh(cut(0)), sigmoid(cut(1))), tanh(cut(2)));
    const gradient = differentiate([y], [z], [y])[0]!;
    expect(operations([z], gradient)).toContain("concatenate");
    const { failures, elements } = await compareWithExact(runnerOf(createNaiveBackend()), new Subgraph([z], [gradient]), [
      filled([3, 6], 1),
    ]);
    expect(failures).toEqual([]);
    expect(elements).toBe(18);
  });
});
