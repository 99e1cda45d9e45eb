import { describe, expect, it } from "vitest";
import { gradients } from "../../autodiff/index.ts";
import { evaluate } from "../../backends/reference/index.ts";
import { createWasmBackend } from "../../backends/cpu/wasm/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { concreteShape, dataTensor, parameterTensor, Subgraph, type Tensor } from "../../graph/index.ts";
import { runnerOf } from "../../testing/compare.ts";
import { randomNumbers, randomTensor, valuesOf } from "../../testing/finite-differences.ts";
import { checkGradients } from "../../testing/gradient-check.ts";
import * as ops from "../index.ts";

const { linalg } = ops;

/** Expects first derivatives to agree with differences. */
function expectFirst(f: (...inputs: Tensor[]) => Tensor | Tensor[], ...inputs: Tensor[]): void {
  const parameters = inputs.map((input) => parameterTensor(concreteShape(input), input.dtype));
  expect(checkGradients(new Subgraph(parameters, [f(...parameters)].flat()), evaluate(inputs), 1)).toEqual([]);
}

function expectClose(found: Tensor, wanted: Tensor | readonly number[], digits = 12): void {
  const expected = Array.isArray(wanted) ? (wanted as readonly number[]) : Array.from(valuesOf(wanted as Tensor));
  const values = valuesOf(found);
  expect(values.length).toBe(expected.length);
  values.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, digits));
}

const t = (x: Tensor): Tensor => ops.swapaxes(x, -1, -2);
const eye = (n: number): Tensor => ops.eye(n, { dtype: "float64" });
const positive = (shape: number[], seed: number): Tensor => {
  const a = randomTensor(shape, seed);
  return ops.add(ops.matmul(a, t(a)), eye(shape.at(-1)!));
};
const given = (x: Tensor): Tensor => dataTensor(valuesOf(x), concreteShape(x), "float64");

describe("factors multiply to what they are factors of:", () => {
  it("cholesky, lower and upper, of a batch", () => {
    const a = given(positive([2, 3, 4, 4], 1));
    const l = linalg.cholesky(a);
    expectClose(ops.matmul(l, t(l)), a);
    expectClose(linalg.cholesky(a, { upper: true }), t(l));
    expectClose(linalg.choleskyInverse(l), linalg.inv(a), 10);
    expectClose(linalg.choleskyInverse(t(l), true), linalg.inv(a), 10);
  });

  it("qr of tall, wide and square matrices, reduced and complete", () => {
    for (const shape of [[2, 5, 3], [3, 5], [4, 4], [1, 1], [3, 1]]) {
      const a = randomTensor(shape, 2);
      for (const mode of ["reduced", "complete"] as const) {
        const [q, r] = linalg.qr(a, mode);
        expectClose(ops.matmul(q, r), a);
        expectClose(ops.matmul(t(q), q), ops.broadcastTo(eye(q.dim(-1)), [...concreteShape(q).slice(0, -2), q.dim(-1), q.dim(-1)]));
        expectClose(ops.tril(r, -1), ops.zerosLike(r));
      }
    }
  }); // prettier-ignore

  it("eigh: vectors and ascending values, also of equal ones", () => {
    for (const a of [given(positive([2, 5, 5], 3)), eye(3), dataTensor(Float64Array.of(0, 1, 1, 0), [2, 2], "float64"), ops.zeros([4, 4], "float64")]) {
      const [w, v] = linalg.eigh(a);
      expectClose(ops.matmul(a, v), ops.multiply(v, ops.expandDims(w, -2)), 11);
      expectClose(ops.matmul(t(v), v), ops.broadcastTo(eye(a.dim(-1)), concreteShape(a)), 11);
      expect(valuesOf(ops.any(ops.less(ops.diff(w), -1e-12)))[0]).toBe(0);
    }
  }); // prettier-ignore

  it("svd of tall, wide, square and rank-deficient matrices", () => {
    const column = randomTensor([4, 1], 4);
    const deficient = given(ops.matmul(column, randomTensor([1, 3], 5)));
    for (const a of [randomTensor([2, 5, 3], 6), randomTensor([3, 5], 7), randomTensor([4, 4], 8), deficient, ops.zeros([3, 2], "float64")]) {
      const k = Math.min(a.dim(-1), a.dim(-2));
      for (const fullMatrices of [true, false]) {
        const [u, s, vt] = linalg.svd(a, { fullMatrices });
        const cut = ops.getItem(u, ["...", { stop: k }]);
        const rows = ops.getItem(vt, ["...", { stop: k }, null]);
        expectClose(ops.matmul(ops.multiply(cut, ops.expandDims(s, -2)), rows), a);
        expectClose(ops.matmul(t(u), u), ops.broadcastTo(eye(u.dim(-1)), [...concreteShape(u).slice(0, -2), u.dim(-1), u.dim(-1)]), 11);
        expectClose(ops.matmul(vt, t(vt)), ops.broadcastTo(eye(vt.dim(-2)), [...concreteShape(vt).slice(0, -2), vt.dim(-2), vt.dim(-2)]), 11);
        expect(valuesOf(ops.any(ops.greater(ops.diff(s), 1e-12)))[0]).toBe(0);
      }
    }
    expectClose(linalg.svd(deficient, { computeUv: false }), linalg.svd(deficient)[1]);
    expect(valuesOf(linalg.matrixRank(deficient))[0]).toBe(1);
  }); // prettier-ignore

  it("luFactor, with the place of each row", () => {
    const a = randomTensor([3, 5, 5], 9);
    const [lu, places] = linalg.luFactor(a);
    const product = ops.matmul(ops.add(ops.tril(lu, -1), eye(5)), ops.triu(lu));
    const index = ops.broadcastTo(ops.expandDims(places, -1), [3, 5, 5]);
    expectClose(ops.takeAlongAxis(product, index, 1), a);
  });
});

describe("equations are solved:", () => {
  it("general, triangular and least squares", () => {
    const a = randomTensor([2, 4, 4], 10);
    const b = randomTensor([2, 4, 3], 11);
    expectClose(ops.matmul(a, linalg.solve(a, b)), b, 10);
    expectClose(ops.matmul(a, linalg.inv(a)), ops.broadcastTo(eye(4), [2, 4, 4]), 10);
    expectClose(ops.matmul(ops.tril(a), linalg.solveTriangular(a, b, { lower: true })), b, 9);
    expectClose(ops.matmul(ops.triu(a), linalg.solveTriangular(a, b)), b, 9);
    const tall = randomTensor([6, 3], 12);
    const side = randomTensor([6], 13);
    const x = linalg.lstsq(tall, side);
    expectClose(ops.matmul(t(tall), ops.subtract(ops.matmul(tall, x), side)), [0, 0, 0], 10);
    expectClose(ops.matmul(ops.matmul(tall, linalg.pinv(tall)), tall), tall, 10);
  });

  it("the gradient of least squares by a square matrix is as exact as its condition lets it be", () => {
    const rows = [-0.28922737, -0.35190436, 0.38320246, -0.41970313, 0.6280035, -0.8770522, -1.3489093, -0.9851364, 0.8338424];
    const side = dataTensor(Float32Array.of(1.571494, 1.3020365, -1.7076977), [3], "float32");
    const slope = (dtype: "float32" | "float64"): Tensor => {
      const a = dataTensor(dtype === "float32" ? Float32Array.from(rows) : Float64Array.from(rows.map(Math.fround)), [3, 3], dtype);
      return ops.cast(gradients([linalg.lstsq(a, ops.cast(side, dtype))], [a])[0]!, "float64");
    };
    const [exact, found] = evaluate([slope("float64"), slope("float32")]);
    const largest = Math.max(...exact!.data.map(Math.abs));
    found!.data.forEach((value, i) => expect(Math.abs(value - exact!.data[i]!)).toBeLessThan(1e-5 * largest));
  });

  it("determinants, of singular matrices too", () => {
    const a = dataTensor(Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 10), [3, 3], "float64");
    expectClose(linalg.det(a), [-3]);
    const [sign, log] = ops.slogdet(a);
    expectClose(sign, [-1]);
    expectClose(log, [Math.log(3)]);
    const singular = dataTensor(Float64Array.of(1, 2, 2, 4), [2, 2], "float64");
    expectClose(linalg.det(singular), [0]);
    expect(valuesOf(ops.slogdet(singular)[1])[0]).toBe(-Infinity);
    expectClose(ops.logdet(given(positive([3, 3], 14))), [Math.log(valuesOf(linalg.det(positive([3, 3], 14)))[0]!)], 11);
    expectClose(linalg.matrixPower(a, 3), ops.matmul(ops.matmul(a, a), a), 9);
    expectClose(ops.matmul(linalg.matrixPower(a, -2), ops.matmul(a, a)), eye(3), 9);
  });
});

describe("gradients agree with differences:", () => {
  const a = randomTensor([2, 3, 3], 21);
  const b = randomTensor([2, 3, 2], 22);
  const spd = given(positive([3, 3], 23));
  it("cholesky and what follows from it", () => {
    // Only the lower triangle is read, and the gradient is symmetric: differences along symmetric directions.
    const symmetric = (x: Tensor): Tensor => ops.add(x, t(x));
    expectFirst((x) => linalg.cholesky(ops.add(symmetric(x), ops.multiply(eye(3), 5))), randomTensor([3, 3], 24));
    expectFirst((x) => ops.logdet(ops.add(symmetric(x), ops.multiply(eye(3), 5))), randomTensor([3, 3], 24));
    expectFirst((x) => linalg.choleskyInverse(ops.add(ops.tril(x), ops.multiply(eye(3), 3))), randomTensor([3, 3], 25));
  });
  it("solve, inv, det, slogdet, luFactor, solveTriangular, matrixPower", () => {
    expectFirst((x, y) => linalg.solve(x, y), a, b);
    expectFirst((x) => linalg.inv(x), a);
    expectFirst((x) => linalg.det(x), a);
    expectFirst((x) => ops.slogdet(x)[1], a);
    expectFirst((x) => linalg.luFactor(x)[0], a);
    const wide = ops.add(a, ops.multiply(eye(3), 2));
    expectFirst((x, y) => linalg.solveTriangular(x, y), given(wide), b);
    expectFirst((x, y) => linalg.solveTriangular(x, y, true), given(wide), b);
    expectFirst((x) => linalg.matrixPower(x, 3), a);
  });
  it("qr", () => {
    expectFirst((x) => linalg.qr(x), randomTensor([2, 4, 3], 26));
    expectFirst((x) => linalg.qr(x), randomTensor([3, 3], 27));
    expectFirst((x) => linalg.qr(x), randomTensor([2, 4], 28));
    expectFirst((x) => linalg.qr(x, "complete"), randomTensor([4, 2], 29));
  });
  it("eigh, svd, norms of singular values, pinv, lstsq", () => {
    // The differences see the rounding of the iteration, amplified by the step: what is compared is smooth and few.
    const close = (f: (x: Tensor) => Tensor, at: Tensor, direction: Tensor): void => {
      const h = 1e-5;
      const shifted = (by: number): Tensor => f(given(ops.add(at, ops.multiply(direction, by))));
      const slope = valuesOf(ops.divide(ops.subtract(shifted(h), shifted(-h)), 2 * h));
      const [, tangent] = ops.jvp(f, [at], [direction]);
      valuesOf(tangent).forEach((value, i) => expect(value).toBeCloseTo(slope[i]!, 6));
    };
    const d = randomTensor([3, 3], 31);
    close((x) => linalg.eigh(ops.add(x, t(x)))[0], spd, d);
    close((x) => { const [w, v] = linalg.eigh(ops.add(x, t(x))); return ops.matmul(ops.multiply(v, ops.expandDims(ops.sin(w), -2)), t(v)); }, spd, d); // prettier-ignore
    for (const [shape, seed] of [
      [[4, 3], 32],
      [[3, 4], 33],
      [[3, 3], 34],
    ] as const) {
      // prettier-ignore
      const direction = randomTensor(shape, 35);
      const at = randomTensor(shape, seed);
      const whole = (x: Tensor): Tensor => {
        const [u, s, vt] = linalg.svd(x, { fullMatrices: false });
        return ops.matmul(ops.multiply(u, ops.expandDims(ops.tanh(s), -2)), vt);
      };
      close(whole, at, direction);
      close((x) => linalg.svd(x, { computeUv: false }), at, direction);
      // Projections on the vectors that complete the bases have no signs.
      close((x) => { const [u] = linalg.svd(x); const rest = ops.getItem(u, ["...", { start: Math.min(...shape) }]); return ops.matmul(rest, t(rest)); }, at, direction); // prettier-ignore
      close((x) => linalg.norm(x, "nuc", [0, 1]), at, direction);
      close((x) => linalg.norm(x, 2, [0, 1]), at, direction);
      close((x) => linalg.pinv(x), at, direction);
      close((x) => linalg.lstsq(x, randomTensor([shape[0]], 36)), at, direction);
    }
  });
});

describe("compiled, in float32,", () => {
  const run = runnerOf(createWasmBackend({ threads: 1 }));
  const single = (shape: number[], seed: number): Tensor => dataTensor(Float32Array.from(randomNumbers(shape.reduce((p, e) => p * e), seed)), shape, "float32"); // prettier-ignore
  it("eigh and svd are accurate to a few roundings, for odd and even sizes", async () => {
    for (const n of [2, 7, 24]) {
      const a = single([n, n], n);
      const symmetric = ops.add(a, t(a));
      const [w, v] = linalg.eigh(symmetric);
      const [u, s, vt] = linalg.svd(a);
      const results = await run(
        new Subgraph(
          [],
          [
            ops.max(ops.abs(ops.subtract(ops.matmul(ops.multiply(v, ops.expandDims(w, 0)), t(v)), symmetric))),
            ops.max(ops.abs(ops.subtract(ops.matmul(ops.multiply(u, ops.expandDims(s, 0)), vt), a))),
          ],
        ),
        [],
      );
      for (const [worst] of results) expect(worst).toBeLessThan(n * 1e-6);
    }
  });
});

describe("wrong shapes are refused", () => {
  it("with what was expected", () => {
    expect(() => linalg.cholesky(ops.ones([2, 3]))).toThrow(ShapeError);
    expect(() => linalg.inv(ops.ones([3]))).toThrow(/\[\.\., n, n\]/);
    expect(() => linalg.solve(ops.ones([2, 2]), ops.ones([3]))).toThrow(ShapeError);
    expect(() => linalg.solveTriangular(ops.ones([2, 2]), ops.ones([3, 1]))).toThrow(/right-hand side/);
    expect(() => linalg.lstsq(ops.ones([2, 2, 2]), ops.ones([2]))).toThrow(ShapeError);
    expect(() => linalg.qr(ops.ones([2, 2]), "full" as never)).toThrow(ValueError);
    expect(() => ops.cdist(ops.ones([2, 3]), ops.ones([2, 4]))).toThrow(ShapeError);
  });
});

describe("eig", () => {
  it("gives complex pairs, values and vectors, of general and defective matrices", () => {
    for (const a of [randomTensor([2, 5, 5], 41), randomTensor([1, 1], 42), dataTensor(Float64Array.of(1, 1, 0, 1), [2, 2], "float64"), ops.zeros([3, 3], "float64")]) {
      const [[wr, wi], [vr, vi]] = linalg.eig(a);
      const row = (w: Tensor): Tensor => ops.expandDims(w, -2);
      const real = ops.subtract(ops.multiply(vr, row(wr)), ops.multiply(vi, row(wi)));
      expectClose(ops.matmul(a, vr), real, 11);
      expectClose(ops.matmul(a, vi), ops.add(ops.multiply(vr, row(wi)), ops.multiply(vi, row(wr))), 11);
      expectClose(ops.sum(ops.add(ops.square(vr), ops.square(vi)), -2), ops.onesLike(wr));
      expectClose(ops.sum(wr, -1), ops.trace(a, 0, -2, -1), 11);
    }
  }); // prettier-ignore

  it("has gradients by values and vectors", () => {
    const [at, direction] = [randomTensor([3, 3], 43), randomTensor([3, 3], 44)];
    const weights = ops.reshape(ops.arange(1, 10, 1, "float64"), [3, 3]);
    const f = (x: Tensor): Tensor[] => {
      const [[wr, wi], [vr, vi]] = linalg.eig(x);
      return [ops.sum(ops.square(wr)), ops.sum(ops.square(wi)), ops.sum(ops.multiply(ops.square(vr), weights)), ops.sum(ops.multiply(ops.multiply(vr, vi), weights))];
    };
    const h = 1e-6;
    const shifted = (by: number): Tensor[] => f(given(ops.add(at, ops.multiply(direction, by))));
    const [up, down] = [shifted(h), shifted(-h)];
    const [, slopes] = ops.jvp(f, [at], [direction]);
    slopes.forEach((slope, i) => expect(valuesOf(slope)[0]).toBeCloseTo((valuesOf(up[i]!)[0]! - valuesOf(down[i]!)[0]!) / (2 * h), 6));
  }); // prettier-ignore
});
