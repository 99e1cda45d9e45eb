import { describe, expect, it } from "vitest";
import { evaluate } from "../../backends/reference/index.ts";
import { type Contraction, dataTensor, parameterTensor, Subgraph, type Tensor } from "../../graph/index.ts";
import { convGeneral } from "../../primitives/index.ts";
import { createNaiveBackend, naiveTarget } from "../../testing/naive-backend.ts";
import { compile } from "../compile.ts";
import { phasesOf } from "./contraction-phases.ts";

/** out[o] = sum over w of lhs[(s o + e w + c) / d] rhs[w] */
function contraction(s: number, e: number, c: number, d: number, places: number, windows: number): Contraction {
  return {
    axes: [
      { extent: places, role: "m", name: "place" },
      { extent: windows, role: "k", name: "window" },
    ],
    lhs: [{ constant: c, coefficients: [s, e], divisor: d, guarded: true }],
    rhs: [{ constant: windows - 1, coefficients: [0, -1] }],
    out: [0],
  };
}

describe("phases of dilated contractions", () => {
  it("are all points at which an element of the operand is met, each once, and no others", () => {
    for (const d of [2, 3, 4]) {
      for (const [s, e, c, places, windows] of [
        [1, 1, -2, 7, 3],
        [1, 2, 0, 6, 2],
        [2, 1, -1, 5, 4],
        [3, 2, -3, 4, 5],
        [1, 1, 0, 1, 1],
      ] as const) {
        const whole = contraction(s, e, c, d, places, windows);
        const met = new Map<string, number>();
        const written: number[] = [];
        for (const { contraction: part, places: at, isEmpty } of phasesOf(whole, [4])!) {
          const [place, window] = part.axes.map((axis) => axis.extent) as [number, number];
          for (let q = 0; q < place; q++) {
            written.push(at[0]!.first + at[0]!.step * q);
            for (let t = 0; t < window; t++) {
              const [o, w] = [at[0]!.first + at[0]!.step * q, at[1]!.first + at[1]!.step * t];
              expect(isEmpty).toBe(false);
              expect(part.rhs[0]!.constant + part.rhs[0]!.coefficients[1]! * t).toBe(windows - 1 - w);
              met.set(`${o},${w}`, part.lhs[0]!.constant + part.lhs[0]!.coefficients[0]! * q + part.lhs[0]!.coefficients[1]! * t);
            }
          }
        }
        const expected = new Map<string, number>();
        for (let o = 0; o < places; o++) {
          for (let w = 0; w < windows; w++) if ((s * o + e * w + c) % d === 0) expected.set(`${o},${w}`, (s * o + e * w + c) / d);
        }
        expect(met).toEqual(expected);
        expect(written.sort((a, b) => a - b)).toEqual(Array.from({ length: places }, (_, o) => o));
      }
    }
  });

  it("stay whole where there would be very many", () => {
    const axes = [0, 1].flatMap((i) => [
      { extent: 40, role: "m" as const, name: `place${i}` },
      { extent: 16, role: "k" as const, name: `window${i}` },
    ]);
    const lhs = [
      { constant: 0, coefficients: [1, 1, 0, 0], divisor: 16 },
      { constant: 0, coefficients: [0, 0, 1, 1], divisor: 16 },
    ];
    expect(phasesOf({ axes, lhs, rhs: [], out: [0, 2] }, [2, 2])).toBeNull();
  });

  const compiled = (f: (x: Tensor, k: Tensor) => Tensor, shapes: readonly (readonly number[])[]): string[] => {
    const inputs = shapes.map((shape, i) => {
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, j) => Math.sin(2.3 * j + i));
      return dataTensor(data, shape, "float32");
    });
    const [expected] = evaluate([f(inputs[0]!, inputs[1]!)]);
    const parameters = shapes.map((shape) => parameterTensor(shape, "float32"));
    const graph = new Subgraph(parameters, [f(parameters[0]!, parameters[1]!)]);
    const program = compile(graph, { arguments: 2, states: 0, writtenStates: [] }, naiveTarget());
    const run = createNaiveBackend()
      .load(program)
      .run({ arguments: inputs.map((x) => x.node.values[0]!), states: [], scalars: [] });
    const got = (run as readonly Float32Array[])[0]!;
    expected!.data.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 4));
    return program.kernels.map(({ kernel }) => kernel.kind);
  };

  it("make a transposed convolution of stride 2 four contractions that know of no zeros", () => {
    const f = (x: Tensor, k: Tensor): Tensor => convGeneral(x, k, { lhsDilation: [2, 2], padding: [[1, 2], [2, 1]], reverse: [true, true] }); // prettier-ignore
    expect(compiled(f, [[2, 4, 3, 3], [3, 3, 3, 2]])).toEqual(["contract", "contract", "contract", "contract"]); // prettier-ignore
  });

  it("are filled with zeros where the window is smaller than the dilation", () => {
    const f = (x: Tensor, k: Tensor): Tensor => convGeneral(x, k, { lhsDilation: [3], padding: [[1, 2]] });
    expect(compiled(f, [[2, 4, 3], [2, 3, 2]]).sort()).toEqual(["contract", "contract", "map"]); // prettier-ignore
  });

  it("compute the same where they are not taken", () => {
    const f = (x: Tensor, k: Tensor): Tensor => convGeneral(x, k, { lhsDilation: [65], padding: [[3, 70]] });
    expect(compiled(f, [[1, 3, 2], [4, 2, 1]]).filter((kind) => kind === "contract")).toEqual(["contract"]); // prettier-ignore
  });
});
