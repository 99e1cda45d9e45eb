import { beforeAll, expect, it } from "vitest";
import { layers, setBackend } from "../index.ts";
import { type LayerContract, type LayerUnderTest, runLayerContract } from "../testing/layer-contract.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

const weightOptions = [
  [{ units: 0 }, /units/],
  [{ units: "3" }, /units/],
  [{ units: null }, /units/],
  [{ activation: "thanh" }, /tanh/],
  [{ recurrentInitializer: "ortogonal" }, /orthogonal/],
  [{ kernelRegularizer: "l3" }, /regularizer/],
  [{ dropout: 1.5 }, /dropout/],
  [{ recurrentDropout: "0.5" }, /recurrentDropout/],
  [{ useBias: "yes" }, /useBias/],
] as const;
const sequenceOptions = [
  [{ returnSequences: 1 }, /returnSequences/],
  [{ stateful: "no" }, /stateful/],
  [{ unroll: 3 }, /unroll/],
] as const;

const recurrent = (options: object, weights: number): LayerContract => ({
  options: { units: 3, returnSequences: true, ...options },
  inputs: [[2, 4, 2]],
  output: [2, 4, 3],
  weights,
  refused: [...weightOptions, ...sequenceOptions],
  refusedInputs: [
    [[2, 4], /axes/],
    [[2, 4, 3], /built/],
    [[2, 0, 2], /steps/],
    [[2, 4, 2, 1], /axes/],
  ],
});
const cell = (states: number): LayerContract => ({
  options: { units: 3 },
  inputs: [[2, 2], ...new Array<[number, number]>(states).fill([2, 3])],
  output: [2, 3],
  weights: 3,
  form: "cell",
  refused: weightOptions,
  refusedInputs: [
    [[2, 4, 2], /axes/],
    [[2, 3], /built/],
  ],
});
const convolutional = (rank: number): LayerContract => ({
  options: { filters: 2, kernelSize: 2, padding: "same", returnSequences: true },
  inputs: [[2, 2, ...new Array<number>(rank).fill(3), 1]],
  output: [2, 2, ...new Array<number>(rank).fill(3), 2],
  weights: 3,
  refused: [
    [{ filters: -1 }, /filters/],
    [{ kernelSize: "3" }, /kernelSize/],
    [{ kernelSize: new Array(rank + 1).fill(2) }, /kernelSize/],
    [{ padding: "causal" }, /padding/],
    [{ strides: 0 }, /strides/],
    [{ dataFormat: "NHWC" }, /dataFormat/],
    [{ recurrentActivation: "sigmod" }, /sigmoid/],
    [{ dropout: -0.1 }, /dropout/],
    ...sequenceOptions,
  ],
  refusedInputs: [
    [[2, 4], /axes/],
    [[2, 2, ...new Array<number>(rank).fill(3), 2], /built/],
    [[2, 2, ...new Array<number>(rank).fill(4), 1], /weights/],
    [[2, 0, ...new Array<number>(rank).fill(3), 1], /steps/],
  ],
});
const scored = (weights: number): LayerContract => ({
  options: { useScale: true },
  inputs: [
    [2, 3, 4],
    [2, 5, 4],
  ],
  output: [2, 3, 4],
  weights,
  list: true,
  refused: [
    [{ dropout: 1 }, /dropout/],
    [{ dropout: "0.1" }, /dropout/],
    [{ useScale: "yes" }, /useScale/],
    [{ seed: 1.5 }, /seed/],
  ],
  refusedInputs: [
    [[2, 3], /axes/],
    [[2, 3, 5], /width/],
    [[2, 3, 4, 1], /axes/],
  ],
});
const heads = {
  inputs: [
    [2, 3, 4],
    [2, 5, 6],
  ],
  output: [2, 3, 4],
  form: "positional",
  refusedInputs: [
    [[2, 3], /axes/],
    [[2, 3, 5], /built/],
    [[2, 3, 4, 1], /axes/],
  ],
} as const;
const headOptions = [
  [{ dropout: 1 }, /dropout/],
  [{ useBias: 2 }, /useBias/],
  [{ kernelInitializer: "he_norml" }, /he_normal/],
  [{ slidingWindow: 0 }, /slidingWindow/],
  [{ flashAttention: true, dropout: 0.5 }, /flash/],
] as const;

const contracts: readonly (readonly [unknown, LayerContract])[] = [
  [layers.SimpleRNN, recurrent({}, 3)],
  [layers.LSTM, recurrent({ unitForgetBias: false }, 3)],
  [layers.GRU, recurrent({ resetAfter: false }, 3)],
  [layers.SimpleRNNCell, cell(1)],
  [layers.LSTMCell, cell(2)],
  [layers.GRUCell, cell(1)],
  [
    layers.RNN,
    {
      ...recurrent({}, 6),
      inner: true,
      options: () => ({ cell: [layers.LSTMCell({ units: 2 }), layers.GRUCell({ units: 3 })], returnSequences: true }),
      refused: [
        ...sequenceOptions,
        [{ cell: null }, /cell/],
        [{ cell: [] }, /cell/],
        [{ cell: "LSTMCell" }, /cell/],
        [{ cell: 3 }, /cell/],
        [{ cell: { units: 3 } }, /cell/],
        [{ cell: layers.Dense({ units: 3 }) }, /stateSize/],
        [{ cell: [layers.LSTMCell({ units: 3 }), 7] }, /cell/],
        [{ units: 3 }, /units/],
      ],
    },
  ],
  [
    layers.StackedRNNCells,
    {
      options: () => ({ cells: [layers.SimpleRNNCell({ units: 3 }), layers.GRUCell({ units: 3 })] }),
      inputs: [
        [2, 2],
        [2, 3],
        [2, 3],
      ],
      output: [2, 3],
      weights: 6,
      form: "cell",
      inner: true,
      refused: [
        [{ cells: [] }, /cells/],
        [{ cells: null }, /cells/],
        [{ cells: layers.LSTMCell({ units: 3 }) }, /cells/],
        [{ cells: [layers.Dense({ units: 3 })] }, /stateSize/],
      ],
      refusedInputs: [[[2, 3], /built/]],
    },
  ],
  [
    layers.Bidirectional,
    {
      ...recurrent({}, 6),
      inner: true,
      options: () => ({ layer: layers.LSTM({ units: 3, returnSequences: true }) }),
      output: [2, 4, 6],
      refused: [
        [{ layer: null }, /layer/],
        [{ layer: "lstm" }, /layer/],
        [{ layer: layers.Dense({ units: 3 }) }, /recurrent/],
        [{ layer: layers.LSTMCell({ units: 3 }) }, /recurrent/],
        [{ mergeMode: "cat" }, /concat/],
        [{ mergeMode: 1 }, /mergeMode/],
        [{ backwardLayer: 1 }, /backwardLayer/],
        [{ backwardLayer: layers.LSTM({ units: 3, returnSequences: true }) }, /direction/],
        [{ backwardLayer: layers.LSTM({ units: 3, goBackwards: true }) }, /returnSequences/],
        [{ units: 3 }, /units/],
      ],
    },
  ],
  [
    layers.TimeDistributed,
    {
      options: () => ({ layer: layers.Dense({ units: 3 }) }),
      inputs: [[2, 4, 2]],
      output: [2, 4, 3],
      weights: 2,
      inner: true,
      refused: [
        [{ layer: null }, /layer/],
        [{ layer: "dense" }, /layer/],
        [{ layer: {} }, /layer/],
      ],
      refusedInputs: [
        [[2, 4], /axes/],
        [[2, 0, 2], /steps/],
        [[2, 4, 3], /built/],
      ],
    },
  ],
  [
    layers.Wrapper,
    {
      options: () => ({ layer: layers.Dense({ units: 3 }) }),
      inputs: [[2, 4]],
      output: [2, 3],
      weights: 2,
      inner: true,
      refused: [[{ layer: 3 }, /layer/]],
      refusedInputs: [],
    },
  ],
  [layers.ConvLSTM1D, convolutional(1)],
  [layers.ConvLSTM2D, convolutional(2)],
  [layers.ConvLSTM3D, convolutional(3)],
  [layers.Attention, { ...scored(1), refused: [...scored(1).refused, [{ scoreMode: "dott" }, /dot/]] }],
  [layers.AdditiveAttention, scored(1)],
  [
    layers.MultiHeadAttention,
    {
      ...heads,
      options: { numHeads: 2, keyDim: 3, valueDim: 5 },
      weights: 8,
      refused: [
        ...headOptions,
        [{ numHeads: 0 }, /numHeads/],
        [{ keyDim: 1.5 }, /keyDim/],
        [{ valueDim: -1 }, /valueDim/],
        [{ outputShape: "8" }, /outputShape/],
        [{ attentionAxes: 0 }, /attentionAxes/],
      ],
    },
  ],
  [
    layers.GroupQueryAttention,
    {
      ...heads,
      options: { headDim: 3, numQueryHeads: 4, numKeyValueHeads: 2 },
      weights: 8,
      refused: [
        ...headOptions,
        [{ numQueryHeads: 5 }, /groups/],
        [{ numKeyValueHeads: 0 }, /numKeyValueHeads/],
        [{ headDim: null }, /headDim/],
      ],
    },
  ],
];

for (const [cls, contract] of contracts) runLayerContract(cls as LayerUnderTest, contract);

it("MultiHeadAttention keeps its output shape as it was given", () => {
  const made = (outputShape: number | number[]): layers.MultiHeadAttention =>
    layers.MultiHeadAttention({ numHeads: 1, keyDim: 2, outputShape });
  expect([4, [4], [2, 3]].map((shape) => made(shape).getConfig().output_shape)).toEqual([4, [4], [2, 3]]);
});
