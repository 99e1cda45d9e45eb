import { expect, it } from "vitest";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { parameterTensor, Subgraph } from "../graph/index.ts";
import { round } from "./round.ts";

it("a number that is rounded to zero keeps its sign", async () => {
  const x = parameterTensor([5], "float32");
  const run = createReferenceBackend().interpret(new Subgraph([x], [round(x)]), { arguments: 1, states: 0, writtenStates: [] });
  const [rounded] = await run.run({ arguments: [Float32Array.of(-0.25, -0.5, -0, 0.25, -0.75)], states: [], scalars: [] });
  expect(Array.from(rounded!)).toEqual([-0, -0, -0, 0, -1]);
});
