import { describe, expect, it } from "vitest";
import { interpret } from "../backends/reference/index.ts";
import { apply, parameterTensor, Subgraph } from "../graph/index.ts";
import { allPrimitives } from "../primitives/index.ts";
import { createNaiveBackend, naiveTarget } from "../testing/naive-backend.ts";
import { compile } from "./compile.ts";

// Kernels evaluated point by point: what differs from the reference here is the compiler's doing.
describe("a compiled sample of", () => {
  for (const primitive of allPrimitives) {
    it(primitive.name, () => {
      for (const { inputs, attributes } of primitive.samples()) {
        const parameters = inputs.map((input) => parameterTensor(input.shape, input.dtype));
        const graph = new Subgraph(parameters, apply(primitive, parameters, attributes ?? {}));
        const counts = { arguments: inputs.length, states: 0, writtenStates: [] };
        const got = createNaiveBackend()
          .load(compile(graph, counts, naiveTarget()))
          .run({ arguments: inputs.map((input) => input.data), states: [], scalars: [] }) as Float32Array[];
        interpret(graph, inputs).forEach((want, i) => {
          expect(got[i]!.length).toBe(want.data.length);
          want.data.forEach((value, j) => {
            const close =
              Object.is(value, got[i]![j]) || value === got[i]![j] || Math.abs(value - got[i]![j]!) <= 1e-5 * Math.max(1, Math.abs(value));
            if (!close) expect.fail(`${primitive.name}: output ${i}[${j}] is ${got[i]![j]}, not ${value}`);
          });
        });
      }
    });
  }
});
