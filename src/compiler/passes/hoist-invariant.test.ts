import { describe, expect, it } from "vitest";
import { interpret } from "../../backends/reference/index.ts";
import { parameterTensor, Subgraph, type Tensor } from "../../graph/index.ts";
import { dotGeneral, scan, tanh } from "../../primitives/index.ts";
import { filled } from "../../primitives/filled.ts";
import { createNaiveBackend, naiveTarget } from "../../testing/naive-backend.ts";
import { compile } from "../compile.ts";
import type { MapKernel } from "../kernels/kernel.ts";
import type { Stage } from "../program.ts";
import type { BoundKernel } from "../program.ts";
import type { Target } from "../target.ts";

/** A target that copies the right operand of a contraction before it, as packing does. */
const packing: Target = {
  ...naiveTarget(),
  scheduleContract: (bound) => {
    const { kernel } = bound;
    if (kernel.kind !== "contract") return { kernels: [bound], temporaries: [] };
    const at = kernel.accesses[kernel.rhs]!.buffer;
    const { dtype, elements } = kernel.buffers[at]!;
    const whole = { index: { constant: 0, coefficients: [1] }, guards: [], fill: 0, dynamic: [] };
    const pack: MapKernel = {
      kind: "map",
      axes: [{ extent: elements, role: "parallel", dynamic: false }],
      buffers: [
        { dtype, elements, use: "read" },
        { dtype, elements, use: "write" },
      ],
      accesses: [
        { buffer: 0, ...whole },
        { buffer: 1, ...whole },
      ],
      scalars: [],
      label: "pack",
      expression: [{ op: "load", access: 0, dtype }],
      stores: [{ access: 1, value: 0 }],
    };
    return {
      kernels: [
        { kernel: pack, buffers: [bound.buffers[at]!, -1], scalars: [] },
        { ...bound, buffers: bound.buffers.map((buffer, i) => (i === at ? -1 : buffer)) },
      ],
      temporaries: [{ dtype, elements }],
    };
  },
};

const parameter = (...shape: number[]): Tensor => parameterTensor(shape, "float32");
const matmul = (x: Tensor, w: Tensor): Tensor => dotGeneral(x, w, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });

function labelsOf(stages: readonly Stage[], kernels: readonly BoundKernel[]): string[] {
  return stages.flatMap((stage) => (stage.kind === "parallel" ? stage.kernels.map((kernel) => kernels[kernel]!.kernel.label) : []));
}

describe("kernels of a loop that do the same in every step", () => {
  it("run once before the loop: a weight is packed once, a carry in every step", () => {
    const [h, w] = [parameter(2, 3), parameter(3, 3)];
    // The second product has the carry on the right.
    const body = new Subgraph(
      [h, w],
      [dotGeneral(tanh(matmul(h, w)), h, { lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [0] })].map((x) => matmul(h, x)),
    );
    const parameters = [parameter(2, 3), parameter(3, 3)];
    const graph = new Subgraph(parameters, scan(body, { init: [parameters[0]!], xs: [], constants: [parameters[1]!], length: 3 }));
    const program = compile(graph, { arguments: 2, states: 0, writtenStates: [] }, packing);
    const loop = program.stages.find((stage) => stage.kind === "loop")!;
    expect(labelsOf(program.stages, program.kernels).filter((label) => label === "pack").length).toBe(1);
    expect(labelsOf(loop.kind === "loop" ? loop.body : [], program.kernels).filter((label) => label === "pack").length).toBe(2);

    const args = [filled([2, 3], 1), filled([3, 3], 2)];
    const values = createNaiveBackend()
      .load(program)
      .run({ arguments: args.map(({ data }) => data), states: [], scalars: [] });
    const [expected] = interpret(graph, args);
    expect(Array.isArray(values) && Array.from(values[0]!)).toEqual(Array.from(expected!.data, (value) => expect.closeTo(value, 5)));
  });
});
