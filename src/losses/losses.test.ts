import { describe, expect, it } from "vitest";
import { gradients } from "../autodiff/index.ts";
import { evaluate } from "../backends/reference/index.ts";
import { dataTensor, type Tensor } from "../graph/index.ts";
import * as losses from "./index.ts";

losses.registerLosses();
const tensor = (rows: readonly (readonly number[])[]): Tensor =>
  dataTensor(Float32Array.from(rows.flat()), [rows.length, rows[0]!.length], "float32");
const labels = (values: readonly number[]): Tensor => dataTensor(Int32Array.from(values), [values.length], "int32");
const numbers = (t: Tensor): number[] => Array.from(evaluate([t])[0]!.data);
const close = (actual: readonly number[], wanted: readonly number[]): void => {
  expect(actual.length).toBe(wanted.length);
  wanted.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 5));
};

describe("losses of margins", () => {
  const scores = [2, -1, 0.5, -3];
  const signs = [1, 1, -1, -1];

  it("exponential is the mean of e^(-t p), with labels 0 and 1 too", () => {
    const wanted = signs.map((t, i) => Math.exp(-t * scores[i]!)).reduce((a, b) => a + b) / 4;
    close(numbers(losses.exponential(tensor([signs]), tensor([scores]))), [wanted]);
    close(numbers(losses.get("exponential")(tensor([signs.map((t) => (t + 1) / 2)]), tensor([scores]))), [wanted]);
  });

  it("logistic is the binary cross-entropy of logits", () => {
    const binary = tensor([signs.map((t) => (t + 1) / 2)]);
    close(
      numbers(losses.get("logistic")(binary, tensor([scores]))),
      numbers(losses.binaryCrossentropy(binary, tensor([scores]), { fromLogits: true })),
    );
    // Without overflow.
    close(numbers(losses.logistic(tensor([[1]]), tensor([[-200]]))), [200]);
  });
});

describe("the generalized cross-entropy", () => {
  const p = [
    [0.7, 0.2, 0.1],
    [0.1, 0.3, 0.6],
  ];
  it("is (1 - p^q) / q of the label, for labels with and without a last axis", () => {
    const wanted = [0.7, 0.3].map((own) => (1 - own ** 0.7) / 0.7);
    close(numbers(losses.categoricalGeneralizedCrossEntropy(labels([0, 1]), tensor(p), { q: 0.7 })), wanted);
    const loss = losses.CategoricalGeneralizedCrossEntropy({ q: 0.7, reduction: "none" });
    close(numbers(loss(dataTensor(Int32Array.of(0, 1), [2, 1], "int32"), tensor(p))), wanted);
    expect(losses.deserialize(losses.serialize(loss)).getConfig()).toEqual(loss.getConfig());
    expect(losses.serialize(loss).config).toEqual({ name: "categorical_generalized_cross_entropy", reduction: "none", q: 0.7 });
  });
  it("refuses a q outside of (0, 1)", () => {
    expect(() => losses.CategoricalGeneralizedCrossEntropy({ q: 1 })).toThrow(/between 0 and 1/);
  });
});

describe("the circle loss", () => {
  const unit = (angle: number): number[] => [Math.cos(angle), Math.sin(angle)];
  const vectors = [unit(0), unit(0.4), unit(2), unit(2.3), unit(-1)];
  const classes = [0, 0, 1, 1, 2];

  /** The formula of the paper, one vector after another. */
  function naive(gamma: number, margin: number): number[] {
    return vectors.map((a, i) => {
      const exponents: [number[], number[]] = [[], []];
      vectors.forEach((b, j) => {
        const d = Math.max(0, 1 - (a[0]! * b[0]! + a[1]! * b[1]!));
        if (classes[i] === classes[j]) {
          if (i !== j) exponents[0].push(gamma * Math.max(0, margin + d) * (d - margin));
        } else exponents[1].push(gamma * Math.max(0, 1 + margin - d) * (1 - margin - d));
      });
      if (exponents.some((list) => list.length === 0)) return 0;
      const total = exponents.map((list) => Math.log(list.reduce((sum, x) => sum + Math.exp(x), 0))).reduce((x, y) => x + y);
      return Math.log1p(Math.exp(total));
    });
  }

  it("is that of the paper, and 0 for a vector without its like", () => {
    const value = numbers(losses.circle(labels(classes), tensor(vectors), { gamma: 4, margin: 0.25 }));
    close(value, naive(4, 0.25));
    expect(value[4]).toBe(0);
  });

  it("averages over the vectors that have a loss, and has finite gradients", () => {
    const x = tensor(vectors);
    const loss = losses.Circle({ gamma: 4, margin: 0.25 })(labels(classes), x);
    const positive = naive(4, 0.25).filter((value) => value > 0);
    close(numbers(loss), [positive.reduce((a, b) => a + b) / positive.length]);
    expect(numbers(gradients([loss], [x])[0]!).every(Number.isFinite)).toBe(true);
  });
});

it("a mask that leaves nothing gives the loss 0", () => {
  const nothing = dataTensor(Uint8Array.of(0, 0), [2], "bool");
  close(numbers(losses.MeanSquaredError()(tensor([[1], [2]]), tensor([[0], [0]]), { mask: nothing })), [0]);
});

it("Tversky counts overlaps along axes", () => {
  const [t, p] = [tensor([[1, 0], [1, 1]]), tensor([[0.5, 0.5], [1, 0]])]; // prettier-ignore
  const loss = losses.Tversky({ axis: 1, reduction: null });
  close(numbers(loss(t, p)), [1 - 0.5 / (0.5 + 0.25 + 0.25), 1 - 1 / (1 + 0.5)]);
  expect(loss.getConfig()).toMatchObject({ axis: 1 });
  expect(losses.Tversky().getConfig()).not.toHaveProperty("axis");
});
