import { beforeAll, describe, expect, it } from "vitest";
import { layers, ops, setBackend, tensor, type Tensor } from "../index.ts";
import { attachMask, maskOf } from "./masks.ts";

beforeAll(async () => {
  await setBackend("reference");
});

const steps = [
  [1, 1, 1, 0],
  [1, 0, 0, 0],
];

function masked(): Tensor {
  const x = ops.sin(ops.reshape(ops.cast(ops.arange(24), "float32"), [2, 4, 3]));
  attachMask(x, ops.cast(tensor(steps), "bool"));
  return x;
}

async function maskAfter(layer: unknown, ...inputs: unknown[]): Promise<unknown> {
  const y = (layer as (...inputs: unknown[]) => Tensor)(...inputs);
  const mask = maskOf(y);
  return mask === null ? null : await ops.cast(mask, "int32").array();
}

it("a carried mask is not an argument of a call that has other tensors, as in Keras", async () => {
  const x = masked();
  const bare = ops.multiply(ops.stopGradient(x), 1);
  const layer = layers.LSTM({ units: 2, returnSequences: true });
  const initialState = [ops.ones([2, 2]), ops.zeros([2, 2])];
  const sequence = (x: Tensor, options: object): Tensor => layer(x, options);
  const y = sequence(x, { initialState });
  expect(await y.array()).toEqual(await sequence(bare, { initialState }).array());
  expect(await y.array()).not.toEqual(await sequence(x, { initialState, mask: maskOf(x) }).array());
  expect(maskOf(y)).not.toBeNull();
});

it("a given mask counts in its call alone: only what the input carries goes on", async () => {
  const bare = ops.multiply(masked(), 1);
  expect(maskOf(bare)).toBeNull();
  const layer = layers.GRU({ units: 2, returnSequences: true });
  const mask = ops.cast(tensor(steps), "bool");
  const sequence = (x: Tensor, options: object): Tensor => layer(x, options);
  expect(await sequence(bare, { mask }).array()).not.toEqual(await sequence(bare, {}).array());
  expect(maskOf(sequence(bare, { mask }))).toBeNull();
});

// What Keras 3.15 does with the mask of a sequence.
const passing: readonly unknown[] = [
  layers.Dense({ units: 2 }),
  layers.Identity(),
  layers.Activation({ activation: "relu" }),
  layers.ELU(),
  layers.LeakyReLU(),
  layers.PReLU(),
  layers.ReLU(),
  layers.BatchNormalization(),
  layers.LayerNormalization(),
  layers.GroupNormalization({ groups: 1 }),
  layers.UnitNormalization(),
  layers.SpectralNormalization({ layer: layers.Dense({ units: 2 }) }),
  layers.TimeDistributed({ layer: layers.Dense({ units: 2 }) }),
  layers.Dropout({ rate: 0.5 }),
  layers.SpatialDropout1D({ rate: 0.5 }),
  layers.GaussianNoise({ stddev: 0.5 }),
  layers.GaussianDropout({ rate: 0.5 }),
  layers.AlphaDropout({ rate: 0.5 }),
  layers.ActivityRegularization(),
];
const dropping: readonly unknown[] = [
  layers.EinsumDense({ equation: "abc,cd->abd", outputShape: [null, 2] }),
  layers.Conv1D({ filters: 2, kernelSize: 1 }),
  layers.Conv1DTranspose({ filters: 2, kernelSize: 1 }),
  layers.SeparableConv1D({ filters: 2, kernelSize: 1 }),
  layers.DepthwiseConv1D({ kernelSize: 1 }),
  layers.MaxPooling1D(),
  layers.AveragePooling1D(),
  layers.GlobalMaxPooling1D(),
  layers.GlobalAveragePooling1D(),
  layers.AdaptiveMaxPooling1D({ outputSize: 2 }),
  layers.RMSNormalization(),
  layers.Flatten(),
  layers.Reshape({ targetShape: [2, 6] }),
  layers.Permute({ dims: [2, 1] }),
  layers.Cropping1D(),
  layers.ZeroPadding1D(),
  layers.UpSampling1D(),
  layers.Lambda({ function: (x: Tensor) => ops.add(x, 1) }),
];

describe("masks of sequences", () => {
  it.each(passing.map((layer) => [String(layer), layer]))("pass through %s", async (_, layer) => {
    expect(await maskAfter(layer, masked())).toEqual(steps);
  });

  it.each(dropping.map((layer) => [String(layer), layer]))("end at %s", async (_, layer) => {
    expect(await maskAfter(layer, masked())).toBeNull();
  });

  it("start at Masking and Embedding, and at a Lambda that has one", async () => {
    const x = tensor([[[0, 1], [2, 2], [0, 0]]]); // prettier-ignore
    expect(await maskAfter(layers.Masking(), x)).toEqual([[1, 1, 0]]);
    expect(await maskAfter(layers.Masking({ maskValue: 2 }), x)).toEqual([[1, 0, 1]]);
    const tokens = tensor([[3, 0, 1]], { dtype: "int32" });
    for (const cls of [layers.Embedding, layers.ReversibleEmbedding]) {
      expect(await maskAfter(cls({ inputDim: 4, outputDim: 2, maskZero: true }), tokens)).toEqual([[1, 0, 1]]);
      expect(await maskAfter(cls({ inputDim: 4, outputDim: 2 }), tokens)).toBeNull();
    }
    const f = layers.Lambda({ function: (y: Tensor) => y, mask: (y: Tensor) => ops.greater(ops.max(y, { axis: -1 }), 1) });
    expect(await maskAfter(f, x)).toEqual([[0, 1, 0]]);
  });

  it("join where all inputs of a merge have one, and count for Concatenate where any has", async () => {
    const [a, b] = [masked(), ops.add(masked(), 1)];
    attachMask(b, ops.cast(tensor([[0, 0, 0, 1], [0, 1, 0, 0]]), "bool")); // prettier-ignore
    const either = [[1, 1, 1, 1], [1, 1, 0, 0]]; // prettier-ignore
    for (const cls of [layers.Add, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum, layers.Subtract]) {
      expect(await maskAfter(cls(), [a, b])).toEqual(either);
      expect(await maskAfter(cls(), [a, ops.ones([2, 4, 3])])).toBeNull();
    }
    expect(await maskAfter(layers.Concatenate(), [a, b])).toEqual(either);
    expect(await maskAfter(layers.Concatenate({ axis: 1 }), [a, ops.ones([2, 1, 3])])).toEqual([[1, 1, 1, 0, 1], [1, 0, 0, 0, 1]]); // prettier-ignore
    expect(await maskAfter(layers.Dot({ axes: 2 }), [a, b])).toBeNull();
  });
});
