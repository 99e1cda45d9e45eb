import { beforeAll, describe, expect, it } from "vitest";
import {
  data,
  gradients,
  Input,
  type Layer,
  layers,
  losses,
  metrics,
  Model,
  ops,
  Sequential,
  setBackend,
  tensor,
  type Tensor,
} from "../index.ts";
import { attachMask, maskOf } from "../layers/masks.ts";

// Sequences of different lengths in one batch give what each gives alone: outputs, gradients, losses, metrics.

beforeAll(async () => {
  await setBackend("reference");
});

const lengths = [3, 5, 1, 6];
const longest = Math.max(...lengths);
const width = 4;

/** Numbers that look random, the same in every run. */
const filled = (shape: readonly number[], phase = 0): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(1.3 * i * i + phase)),
    { shape },
  );
};
const sequences = lengths.map((length, i) => filled([1, length, width], i));

/** Where a padded row holds the sequence: at its start ("post") or its end ("pre"). */
type Side = "post" | "pre";
const firstOf = (side: Side, length: number, total: number): number => (side === "post" ? 0 : total - length);

/** The sequences as one batch; what fills them up is anything but small. */
function padded(side: Side, { fill = 1e3, total = longest }: { fill?: number; total?: number } = {}): { x: Tensor; mask: Tensor } {
  const rows = sequences.map((sequence, i) => {
    const rest = ops.full([1, total - lengths[i]!, width], fill);
    return ops.concatenate(side === "post" ? [sequence, rest] : [rest, sequence], { axis: 1 });
  });
  const counted = lengths.map((length) => {
    const first = firstOf(side, length, total);
    return Array.from({ length: total }, (_, t) => t >= first && t < first + length);
  });
  return { x: ops.concatenate(rows, { axis: 0 }), mask: tensor(counted) };
}

type Call = (x: Tensor, options: { mask?: Tensor; training?: boolean }) => Tensor | readonly Tensor[];
const callOf = (layer: unknown): Call => layer as Call;
const numbers = async (x: Tensor): Promise<number[]> => Array.from(await x.data());
const listed = (y: Tensor | readonly Tensor[]): readonly Tensor[] => (Array.isArray(y) ? (y as readonly Tensor[]) : [y as Tensor]);

/** Row i of a batch; of what has the batch's steps only those of the sequence. */
function real(y: Tensor, i: number, side: Side, total: number = longest): Tensor {
  const row = ops.slice(y, [i, ...new Array<number>(y.rank - 1).fill(0)], [1, ...(y.shape.slice(1) as number[])]);
  if (y.rank < 3 || y.dim(1) !== total) return row;
  const length = lengths[i]!;
  return ops.slice(row, [0, firstOf(side, length, total), 0], [1, length, y.dim(2)]);
}

async function expectSame(a: Tensor, b: Tensor, what: string): Promise<void> {
  const [left, right] = [await numbers(a), await numbers(b)];
  expect(left.length, what).toBe(right.length);
  left.forEach((value, i) =>
    expect(Math.abs(value - right[i]!), `${what} [${i}]: ${value}, ${right[i]}`).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(value))),
  );
}

const recurrent = { units: 3, returnSequences: true, returnState: true } as const;
const masked: readonly (readonly [string, () => Layer])[] = [
  ["SimpleRNN", () => layers.SimpleRNN(recurrent)],
  ["LSTM", () => layers.LSTM(recurrent)],
  ["LSTM, unrolled", () => layers.LSTM({ ...recurrent, unroll: true })],
  ["GRU", () => layers.GRU(recurrent)],
  ["GRU, reset before", () => layers.GRU({ ...recurrent, resetAfter: false })],
  ["the last output of an LSTM", () => layers.LSTM({ units: 3 })],
  ["the last output of a GRU that goes backwards", () => layers.GRU({ units: 3, goBackwards: true })],
  ["stacked cells", () => layers.RNN({ cell: [layers.LSTMCell({ units: 3 }), layers.GRUCell({ units: 2 })], returnSequences: true })],
  ["Bidirectional LSTM", () => layers.Bidirectional({ layer: layers.LSTM({ units: 3, returnSequences: true }) })],
  ["Bidirectional GRU with states", () => layers.Bidirectional({ layer: layers.GRU(recurrent), mergeMode: "sum" })],
  [
    "the last outputs of a Bidirectional SimpleRNN",
    () => layers.Bidirectional({ layer: layers.SimpleRNN({ units: 3 }), mergeMode: "ave" }),
  ],
  ["GlobalAveragePooling1D", () => layers.GlobalAveragePooling1D()],
  ["TimeDistributed Dense", () => layers.TimeDistributed({ layer: layers.Dense({ units: 2 }) })],
  ["LayerNormalization", () => layers.LayerNormalization()],
];
const sides: readonly Side[] = ["post", "pre"];

describe("a padded batch with a mask gives what each sequence gives alone", () => {
  it.each(masked)("%s", async (name, make) => {
    const layer = make();
    layer.build([null, null, width]);
    for (const side of sides) {
      const { x, mask } = padded(side);
      const together = listed(callOf(layer)(x, { mask }));
      for (const [i, sequence] of sequences.entries()) {
        const alone = listed(callOf(layer)(sequence, {}));
        expect(alone.length).toBe(together.length);
        for (const [part, y] of alone.entries()) await expectSame(real(together[part]!, i, side), y, `${name}, ${side}, ${i}`);
      }
    }
  });

  it("gradients of the weights too: those of the batch are the sums over the sequences", async () => {
    for (const make of [() => layers.LSTM({ units: 3 }), () => layers.Bidirectional({ layer: layers.GRU({ units: 2 }) })]) {
      const layer: Layer = make();
      layer.build([null, null, width]);
      const total = (x: Tensor, mask?: Tensor): Tensor =>
        ops.sum(ops.square(callOf(layer)(x, mask === undefined ? {} : { mask }) as Tensor));
      for (const side of sides) {
        const { x, mask } = padded(side, { fill: 7 });
        const together = gradients([total(x, mask)], layer.trainableWeights);
        const alone = gradients([sequences.map((sequence) => total(sequence)).reduce((a, b) => ops.add(a, b))], layer.trainableWeights);
        for (const [k, gradient] of together.entries()) await expectSame(gradient, alone[k]!, `${layer.label}, weight ${k}, ${side}`);
      }
    }
  });

  it("batch statistics are those of the steps that count", async () => {
    const layer = layers.BatchNormalization({ momentum: 0 });
    layer.build([null, null, width]);
    const { x, mask } = padded("post");
    const together = callOf(layer)(x, { mask, training: true }) as Tensor;
    const all = callOf(layer)(ops.concatenate([...sequences], { axis: 1 }), { training: true }) as Tensor;
    let at = 0;
    for (const [i, length] of lengths.entries()) {
      await expectSame(real(together, i, "post"), ops.slice(all, [0, at, 0], [1, length, width]), `BatchNormalization ${i}`);
      at += length;
    }
  });
});

describe("convolutions, which know no mask", () => {
  it("of the past (causal) see no padding behind a sequence", async () => {
    const layer = layers.Conv1D({ filters: 2, kernelSize: 3, dilationRate: 2, padding: "causal" });
    layer.build([null, null, width]);
    const together = layer(padded("post").x);
    for (const [i, sequence] of sequences.entries()) await expectSame(real(together, i, "post"), layer(sequence), `causal ${i}`);
  });

  it("of both sides ('same') are exact where padding is zeros, as their own edges are", async () => {
    const layer = layers.Conv1D({ filters: 2, kernelSize: 3, padding: "same", activation: "tanh" });
    const deep = layers.SeparableConv1D({ filters: 2, kernelSize: 5, padding: "same" });
    for (const side of sides) {
      const { x, mask } = padded(side);
      // A second layer would see the biases of the first in the padding: masked places are set to 0 before each.
      const hide = (y: Tensor): Tensor => ops.where(ops.expandDims(mask, -1), y, 0);
      const together = deep(hide(layer(hide(x))));
      for (const [i, sequence] of sequences.entries())
        await expectSame(real(together, i, side), deep(layer(sequence)), `same, ${side}, ${i}`);
    }
  });
});

describe("attention over a padded batch", () => {
  const kinds: readonly (readonly [string, () => Layer, (x: Tensor) => unknown[]])[] = [
    ["Attention", () => layers.Attention({ useScale: true }), (x) => [[x, x]]],
    ["AdditiveAttention", () => layers.AdditiveAttention(), (x) => [[x, x]]],
    ["MultiHeadAttention", () => layers.MultiHeadAttention({ numHeads: 2, keyDim: 3 }), (x) => [x, x]],
    ["GroupedQueryAttention", () => layers.GroupQueryAttention({ headDim: 2, numQueryHeads: 4, numKeyValueHeads: 2 }), (x) => [x, x]],
  ];
  it.each(kinds)("%s looks at the steps that count, with and without a causal mask", async (name, make, args) => {
    const layer = make();
    for (const useCausalMask of [false, true]) {
      for (const side of sides) {
        const { x, mask } = padded(side, { fill: 9 });
        attachMask(x, mask);
        const together = layer(...args(x), { useCausalMask }) as Tensor;
        for (const [i, sequence] of sequences.entries())
          await expectSame(
            real(together, i, side),
            layer(...args(sequence), { useCausalMask }) as Tensor,
            `${name}, ${side}, causal ${useCausalMask}, ${i}`,
          );
      }
    }
  });
});

describe("losses and metrics of a padded batch", () => {
  const classes = 5;
  const labelRows = lengths.map((length, i) => Array.from({ length }, (_, t) => (3 * i + 2 * t + 1) % classes));
  const logitRows = lengths.map((length, i) => filled([1, length, classes], 10 + i));
  const total = longest + 2;
  const rest = (i: number): number => total - lengths[i]!;
  const y = tensor(labelRows.map((row, i) => [...row, ...new Array<number>(rest(i)).fill(4)]), { dtype: "int32" }); // prettier-ignore
  const logits = ops.concatenate(logitRows.map((row, i) => ops.concatenate([row, ops.full([1, rest(i), classes], i + 1)], { axis: 1 })), { axis: 0 }); // prettier-ignore
  const mask = tensor(lengths.map((length) => Array.from({ length: total }, (_, t) => t < length)));
  const yAll = tensor([labelRows.flat()], { dtype: "int32" });
  const logitsAll = ops.concatenate(logitRows, { axis: 1 });
  const oneHot = (labels: Tensor): Tensor => ops.oneHot(labels, classes);

  it("count no padding: mean, sum and weighted mean are those of all tokens in a row", async () => {
    for (const reduction of ["sum_over_batch_size", "sum", "mean_with_sample_weight"] as const) {
      const sparse = losses.SparseCategoricalCrossentropy({ fromLogits: true, reduction });
      await expectSame(sparse(y, logits, { mask }), sparse(yAll, logitsAll), `sparse, ${reduction}`);
      const dense = losses.CategoricalCrossentropy({ fromLogits: true, labelSmoothing: 0.1, reduction });
      await expectSame(dense(oneHot(y), logits, { mask }), dense(oneHot(yAll), logitsAll), `dense, ${reduction}`);
      const squared = losses.MeanSquaredError({ reduction });
      await expectSame(squared(oneHot(y), logits, { mask }), squared(oneHot(yAll), logitsAll), `squared, ${reduction}`);
    }
    const ignoring = losses.SparseCategoricalCrossentropy({ fromLogits: true, ignoreClass: -1 });
    const marked = ops.where(mask, y, -1);
    await expectSame(ignoring(marked, logits), losses.SparseCategoricalCrossentropy({ fromLogits: true })(yAll, logitsAll), "ignoreClass");
  });

  it("metrics neither, whatever the batches are", async () => {
    const kinds: readonly (() => metrics.Metric)[] = [
      () => metrics.SparseCategoricalAccuracy(),
      () => metrics.SparseTopKCategoricalAccuracy({ k: 2 }),
      () => metrics.SparseCategoricalCrossentropy({ fromLogits: true }),
      () => metrics.Perplexity({ fromLogits: true }),
    ];
    for (const kind of kinds) {
      const [together, alone] = [kind(), kind()] as unknown as {
        updateState(t: Tensor, p: Tensor, o?: object): void;
        result(): Tensor;
        name: string;
      }[];
      together!.updateState(y, logits, { mask });
      alone!.updateState(yAll, logitsAll);
      await expectSame(together!.result(), alone!.result(), together!.name);
    }
  });
});

describe("buckets", () => {
  const vocabulary = 7;
  const texts = Array.from({ length: 14 }, (_, i) =>
    Array.from({ length: 1 + ((5 * i) % 9) }, (_, t) => 1 + ((i * 3 + t * t) % (vocabulary - 1))),
  );
  const elements = texts.map((ids) => [tensor(ids, { dtype: "int32" }), tensor((ids.length + ids[0]!) % 3, { dtype: "int32" })] as const);
  const stream = (bucketBoundaries: number[], batchSize: number): data.Dataset<readonly [Tensor, Tensor]> =>
    data.Dataset.fromGenerator(() => elements[Symbol.iterator]()).bucketBySequenceLength({
      elementLengthFunc: (element: readonly [Tensor, Tensor]) => element[0].dim(0),
      bucketBoundaries,
      bucketBatchSizes: new Array<number>(bucketBoundaries.length + 1).fill(batchSize),
    } as never) as never;

  it("of any boundaries and sizes give a classifier the same loss and accuracy as one sequence at a time", async () => {
    const inputs = Input({ shape: [null], dtype: "int32" });
    const words = layers.Embedding({ inputDim: vocabulary, outputDim: 3, maskZero: true })(inputs);
    const both = layers.Bidirectional({ layer: layers.LSTM({ units: 2, returnSequences: true }) })(words);
    const pooled = layers.GlobalAveragePooling1D()(both);
    const model = new Model({ inputs, outputs: layers.Dense({ units: 3 })(pooled) });
    model.compile({ optimizer: "sgd", loss: losses.SparseCategoricalCrossentropy({ fromLogits: true }), metrics: ["accuracy"] });
    const one = await model.evaluate(stream([], 1), undefined, { verbose: 0 });
    for (const [boundaries, size] of [[[4, 7], 3], [[2, 3, 5], 4], [[], 14]] as const) {
      const logs = await model.evaluate(stream([...boundaries], size), undefined, { verbose: 0 });
      expect(logs.loss, String(boundaries)).toBeCloseTo(one.loss!, 5);
      expect(logs.accuracy).toBeCloseTo(one.accuracy!, 6);
    } // prettier-ignore
  });

  it("a step on a padded batch moves a tagger's weights as a step on the mean of its tokens would", async () => {
    const build = (): Sequential =>
      new Sequential([
        layers.Input({ shape: [null], dtype: "int32" }),
        layers.Embedding({ inputDim: vocabulary, outputDim: 3, maskZero: true }),
        layers.GRU({ units: 3, returnSequences: true }),
        layers.Dense({ units: vocabulary }),
      ]);
    const rows = texts.slice(0, 4);
    const total = Math.max(...rows.map((row) => row.length));
    const [first, second] = [build(), build()];
    await second.setWeights(await first.getWeights());
    const loss = losses.SparseCategoricalCrossentropy({ fromLogits: true });
    first.compile({ optimizer: "sgd", loss, metrics: [metrics.Perplexity({ fromLogits: true })] });
    const y = rows.map((row) => [...row.map((id) => (id * 2) % vocabulary), ...new Array<number>(total - row.length).fill(0)]);
    const x = rows.map((row) => [...row, ...new Array<number>(total - row.length).fill(0)]);
    const logs = await first.trainOnBatch(tensor(x, { dtype: "int32" }), tensor(y, { dtype: "int32" }));
    const tokens = rows.reduce((sum, row) => sum + row.length, 0);
    const parts = rows.map((row, i) => {
      const predicted = second(tensor([row], { dtype: "int32" }));
      const sum = losses.SparseCategoricalCrossentropy({ fromLogits: true, reduction: "sum" });
      return sum(tensor([y[i]!.slice(0, row.length)], { dtype: "int32" }), predicted);
    });
    const mean = ops.divide(
      parts.reduce((a, b) => ops.add(a, b)),
      tokens,
    );
    const slopes = gradients([mean], second.trainableWeights);
    expect(logs.loss).toBeCloseTo(await mean.item(), 5);
    expect(logs.perplexity).toBeCloseTo(Math.exp(await mean.item()), 4);
    for (const [k, weight] of second.trainableWeights.entries())
      await expectSame(first.trainableWeights[k]!.read(), ops.subtract(weight, ops.multiply(0.01, slopes[k]!)), `weight ${k}`);
    expect(maskOf(first(tensor(x, { dtype: "int32" })))).not.toBeNull();
  });
});
