import { describe, expect, it } from "vitest";
import { differentiate } from "../../autodiff/differentiate.ts";
import { parameterTensor, Subgraph, type Tensor } from "../../graph/index.ts";
import {
  add,
  broadcastInDim,
  dotGeneral,
  multiply,
  onesLike,
  reduceSum,
  scan,
  scanAttributes,
  sigmoid,
  slice,
  tanh,
} from "../../primitives/index.ts";
import { compareWithExact, runnerOf } from "../../testing/compare.ts";
import { filled } from "../../primitives/filled.ts";
import { createNaiveBackend } from "../../testing/naive-backend.ts";
import { flatten, withoutDeadOps } from "../flat-graph.ts";

const parameter = (...shape: number[]): Tensor => parameterTensor(shape, "float32");
const matmul = (x: Tensor, w: Tensor): Tensor => dotGeneral(x, w, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });

/** A long short-term memory over 5 steps. Parameters h, c, x, w, u, b; results: the last h, the last c, all h. */
function lstm(): { parameters: Tensor[]; outputs: Tensor[] } {
  const [h, c, x] = [parameter(2, 4), parameter(2, 4), parameter(2, 3)];
  const [w, u, b] = [parameter(3, 16), parameter(4, 16), parameter(16)];
  const projected = matmul(x, w);
  const z = add(add(projected, matmul(h, u)), broadcastInDim(b, [2, 16], [1]));
  const gate = (i: number): Tensor => slice(z, [0, i * 4], [2, i * 4 + 4]);
  const memory = add(multiply(sigmoid(gate(1)), c), multiply(sigmoid(gate(0)), tanh(gate(2))));
  const next = multiply(sigmoid(gate(3)), tanh(memory));
  const body = new Subgraph([h, c, x, w, u, b], [next, memory, next]);
  const parameters = [parameter(2, 4), parameter(2, 4), parameter(5, 2, 3), parameter(3, 16), parameter(4, 16), parameter(16)];
  const outputs = scan(body, { init: parameters.slice(0, 2), xs: [parameters[2]!], constants: parameters.slice(3) });
  return { parameters, outputs };
}

const args = [filled([2, 4], 1), filled([2, 4], 2), filled([5, 2, 3], 3), filled([3, 16], 4), filled([4, 16], 5), filled([16], 6)];

describe("loops without unread outputs", () => {
  it("compute and keep only what is read", () => {
    const { parameters, outputs } = lstm();
    const loop = (results: Tensor[]): { outputs: number; results: number } => {
      const op = withoutDeadOps(flatten(new Subgraph(parameters, results))).ops.find(({ primitive }) => primitive.name === "scan")!;
      return { outputs: op.outputs.length, results: scanAttributes(op.attributes).body.results.length };
    };
    // The carries are needed for each other; the residuals of the gradient are gone.
    expect(loop([outputs[2]!])).toEqual({ outputs: 3, results: 3 });
    expect(loop([outputs[0]!])).toEqual({ outputs: 2, results: 2 });
  });

  it("drop carries that nothing needs", () => {
    const [a, b] = [parameter(2), parameter(2)];
    const body = new Subgraph([a, b], [multiply(a, a), add(b, a)]);
    const init = [parameter(2), parameter(2)];
    const [first] = scan(body, { init, xs: [], length: 3 });
    const op = withoutDeadOps(flatten(new Subgraph(init, [first!]))).ops.find(({ primitive }) => primitive.name === "scan")!;
    expect(op.inputs.length).toBe(1);
    expect(scanAttributes(op.attributes)).toMatchObject({ carries: 1, xs: 0, length: 3 });
  });

  it("give what the whole loops give: a recurrent layer and its gradients, compiled", async () => {
    const { parameters, outputs } = lstm();
    const loss = add(reduceSum(multiply(outputs[2]!, outputs[2]!), [0, 1, 2]), reduceSum(outputs[1]!, [0, 1]));
    const gradients = differentiate([loss], parameters, [onesLike(loss)]).map((gradient) => gradient!);
    for (const results of [[outputs[2]!], [outputs[0]!], [...outputs, ...gradients]]) {
      const { failures, elements } = await compareWithExact(runnerOf(createNaiveBackend()), new Subgraph(parameters, results), args);
      expect(failures).toEqual([]);
      expect(elements).toBeGreaterThan(0);
    }
  });
});
