import { describe, expect, it } from "vitest";
import { evaluate } from "../backends/reference/index.ts";
import { dataTensor, type NdArray, parameterTensor, Subgraph, type Tensor } from "../graph/index.ts";
import { hostArray } from "../dtype/index.ts";
import * as p from "../primitives/index.ts";
import { createNaiveBackend, naiveTarget } from "../testing/naive-backend.ts";
import { compile } from "./compile.ts";

let state = 12345;
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return (state >>> 8) / 2 ** 24 - 0.5;
}

function values(shape: readonly number[]): NdArray {
  const data = hostArray(
    "float32",
    shape.reduce((a, b) => a * b, 1),
  );
  for (let i = 0; i < data.length; i++) data[i] = random() * 2;
  return { shape, dtype: "float32", data };
}

/** Runs f compiled (kernels evaluated point by point) and interpreted, and compares; returns the program. */
function check(shapes: readonly (readonly number[])[], f: (...xs: Tensor[]) => Tensor[]) {
  const inputs = shapes.map(values);
  const expected = evaluate(f(...inputs.map((x) => dataTensor(x.data, x.shape, x.dtype))));
  const parameters = inputs.map((x) => parameterTensor(x.shape, x.dtype));
  const program = compile(
    new Subgraph(parameters, f(...parameters)),
    { arguments: inputs.length, states: 0, writtenStates: [] },
    naiveTarget(),
  );
  const got = createNaiveBackend()
    .load(program)
    .run({ arguments: inputs.map((x) => x.data), states: [], scalars: [] }) as ReturnType<typeof hostArray>[];
  expected.forEach((want, i) => {
    expect(got[i]!.length).toBe(want.data.length);
    for (let j = 0; j < want.data.length; j++) expect(got[i]![j]).toBeCloseTo(want.data[j]!, 4);
  });
  return program;
}

const bias = (x: Tensor, b: Tensor): Tensor => p.add(x, p.broadcastInDim(b, x.shape as number[], [x.rank - 1]));

describe("compile", () => {
  it("fuses elementwise chains, views and broadcasts into one kernel", () => {
    const program = check([[4, 6], [6]], (x, b) => [p.tanh(p.multiply(p.transpose(bias(x, b), [1, 0]), p.transpose(x, [1, 0])))]);
    expect(program.kernels.length).toBe(1);
  });

  it("puts bias and activation into the epilogue of a contraction", () => {
    const program = check([[5, 7], [7, 3], [3]], (x, w, b) => [
      p.tanh(bias(p.dotGeneral(x, w, { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] }), b)),
    ]);
    expect(program.kernels.map(({ kernel }) => kernel.kind)).toEqual(["contract"]);
  });

  it("makes sums of large arrays early, though their readers wait for all of them", () => {
    const along = (axis: number) => ({ lhsContract: [axis], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
    const program = check(
      [
        [256, 4],
        [4, 4],
      ],
      (x, w) => {
        const layers = [x];
        for (let i = 0; i < 8; i++) layers.push(p.tanh(p.dotGeneral(layers[i]!, w, along(1))));
        const products = layers.slice(1).map((y, i) => p.dotGeneral(layers[i]!, y, along(0)));
        const norms = products.map((g) => p.reduceSum(p.multiply(g, g), [0, 1]));
        const norm = norms.reduce((a, b) => p.add(a, b));
        return products.map((g) => p.divide(g, p.broadcastInDim(norm, [4, 4], [])));
      },
    );
    // Two layers at a time, not all eight.
    expect(program.arenas.reduce((a, b) => a + b)).toBeLessThan(4 * 256 * 4 * 4);
  });

  it("computes a difference from a mean again where the value itself is kept too", () => {
    const product = { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] };
    const program = check(
      [
        [40, 6],
        [6, 5],
      ],
      (a, b) => {
        const x = p.dotGeneral(a, b, product);
        const mean = p.multiply(p.reduceSum(x, [0]), p.broadcastInDim(p.constant(1 / 40, "float32"), [5], []));
        const difference = p.subtract(x, p.broadcastInDim(mean, [40, 5], [1]));
        const squares = p.reduceSum(p.multiply(difference, difference), [0]);
        return [p.multiply(difference, p.broadcastInDim(p.rsqrt(squares), [40, 5], [1]))];
      },
    );
    // The product and the result: no third buffer for the difference.
    expect(program.buffers.filter(({ elements, place }) => elements === 200 && place.kind === "arena").length).toBe(2);
  });

  it("runs what waits for nothing just before it is needed", () => {
    const product = { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] };
    const program = check(
      [
        [3, 4],
        [4, 4],
        [4, 4],
      ],
      (x, w, late) => {
        let y = x;
        for (let i = 0; i < 4; i++) y = p.tanh(p.dotGeneral(y, w, product));
        return [p.dotGeneral(y, p.exp(late), product)];
      },
    );
    const stageOf = (kind: string): number =>
      program.stages.findIndex((stage) => stage.kind === "parallel" && stage.kernels.some((k) => program.kernels[k]!.kernel.kind === kind));
    expect(stageOf("contract")).toBe(0);
    expect(stageOf("map")).toBe(program.stages.length - 2);
  });

  it("pads, slices, reverses and concatenates", () => {
    check(
      [
        [3, 5],
        [2, 5],
      ],
      (x, y) => {
        const fill = p.constant(7, "float32");
        const padded = p.pad(p.exp(x), fill, [1, -1], [0, 2], [0, 1]);
        return [padded, p.concatenate([x, p.reverse(y, [1])], 0), p.slice(p.pad(x, fill, [1, 1], [1, 1], [0, 0]), [0, 1], [5, 6], [2, 2])];
      },
    );
  });

  it("reshapes through expressions", () => {
    check([[4, 6]], (x) => [
      p.reshape(p.tanh(p.transpose(p.negate(x), [1, 0])), [3, 8]),
      p.reduceSum(p.reshape(p.negate(x), [2, 12]), [1]),
    ]);
  });

  it("reduces, softmax-like, and splits long reductions", () => {
    check([[8, 5]], (x) => {
      const wide = (r: Tensor): Tensor => p.broadcastInDim(r, [8, 5], [0]);
      const e = p.exp(p.subtract(x, wide(p.reduceMax(x, [1]))));
      return [p.divide(e, wide(p.reduceSum(e, [1]))), p.argmax(x, 1)];
    });
    const program = check([[64, 40, 40, 3]], (x) => [p.reduceSum(x, [0, 1, 2])]);
    expect(program.kernels.length).toBe(2);
  });

  it("pools by maxima and gives their gradient", () => {
    const g = {
      window: [1, 3, 3, 1],
      strides: [1, 2, 2, 1],
      padding: [
        [0, 0],
        [1, 1],
        [0, 1],
        [0, 0],
      ] as [number, number][],
    };
    const program = check([[2, 7, 6, 3]], (x) => {
      const at = p.windowArgmax(x, g);
      return [p.windowGather(x, at, g), at, p.windowScatter(p.exp(p.windowGather(x, at, g)), at, g, [2, 7, 6, 3]), p.reduceWindowSum(x, g)];
    });
    expect(program.kernels.map(({ kernel }) => kernel.kind)).not.toContain("scatter");
  });

  it("convolves", () => {
    const layout = {};
    void layout;
    check(
      [
        [2, 7, 8, 3],
        [3, 3, 3, 4],
      ],
      (x, w) => [
        p.convGeneral(x, w, {
          strides: [2, 1],
          padding: [
            [1, 1],
            [0, 1],
          ],
          rhsDilation: [1, 2],
        }),
      ],
    );
  });
});
