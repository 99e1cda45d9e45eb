import { beforeAll } from "vitest";
import { layers, setBackend } from "../index.ts";
import { type LayerContract, type LayerUnderTest, runLayerContract } from "../testing/layer-contract.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

const images = { inputs: [[2, 6, 6, 3]], refusedInputs: [[[2, 6, 6], /axes/]] } as const;
const elementwise = { inputs: [[2, 3, 4]], output: [2, 3, 4], weights: 0, refusedInputs: [] } as const;
const merged = {
  options: {},
  inputs: [
    [2, 3],
    [2, 3],
  ],
  output: [2, 3],
  weights: 0,
  list: true,
  refused: [],
  refusedInputs: [[[2, 4], /fit/]],
} as const;

const pooling = (rank: number): LayerContract => ({
  options: {},
  inputs: [[2, ...new Array<number>(rank).fill(4), 3]],
  output: [2, ...new Array<number>(rank).fill(2), 3],
  weights: 0,
  refused: [
    [{ poolSize: 0 }, /poolSize/],
    [{ poolSize: new Array(rank + 1).fill(2) }, /poolSize/],
    [{ padding: "smae" }, /"same"/],
    [{ dataFormat: "NHWC" }, /dataFormat/],
  ],
  refusedInputs: [
    [[2, 3], /axes/],
    [[2, ...new Array<number>(rank).fill(1), 3], /window/],
  ],
});
const globalPooling = (rank: number): LayerContract => ({
  options: {},
  inputs: [[2, ...new Array<number>(rank).fill(3), 4]],
  output: [2, 4],
  weights: 0,
  refused: [[{ dataFormat: "first" }, /dataFormat/]],
  refusedInputs: [[[2, 4], /axes/]],
});
const convolution = (rank: number): LayerContract => ({
  options: { filters: 4, kernelSize: 3, activation: "tanh" },
  inputs: [[2, ...new Array<number>(rank).fill(5), 2]],
  output: [2, ...new Array<number>(rank).fill(3), 4],
  weights: 2,
  refused: [
    [{ filters: -1 }, /filters/],
    [{ kernelSize: "3" }, /kernelSize/],
    [{ padding: "full" }, /padding/],
    [{ groups: 3 }, /groups/],
    [{ strides: 2, dilationRate: 2 }, /dilationRate/],
    [{ activation: "rleu" }, /relu/],
    [{ kernelInitializer: "he_norml" }, /he_normal/],
  ],
  refusedInputs: [
    [[2, 5], /axes/],
    [[2, ...new Array<number>(rank).fill(5), 3], /built/],
    [[2, ...new Array<number>(rank).fill(2), 2], /larger/],
  ],
});

const contracts: readonly (readonly [unknown, LayerContract])[] = [
  [
    layers.Dense,
    {
      options: { units: 3, activation: "relu", kernelRegularizer: "l2", kernelConstraint: "non_neg", biasInitializer: "ones" },
      inputs: [[2, 4]],
      output: [2, 3],
      weights: 2,
      refused: [
        [{ units: 0 }, /units/],
        [{ units: "3" }, /units/],
        [{ units: null }, /units/],
        [{ activation: "sigmod" }, /sigmoid/],
        [{ kernelRegularizer: "l3" }, /regularizer/],
      ],
      refusedInputs: [
        [[2, 5], /last axis/],
        [[4], /axes/],
      ],
    },
  ],
  [
    layers.TernaryDense,
    {
      options: { units: 3, activation: "relu", kernelRegularizer: "l2" },
      inputs: [[2, 4]],
      output: [2, 3],
      weights: 2,
      refused: [
        [{ units: 0 }, /units/],
        [{ threshold: -1 }, /threshold/],
        [{ threshold: "0.5" }, /threshold/],
        [{ activation: "sigmod" }, /sigmoid/],
      ],
      refusedInputs: [
        [[2, 5], /last axis/],
        [[4], /axes/],
      ],
    },
  ],
  [layers.Activation, { ...elementwise, options: { activation: "elu" }, refused: [[{ activation: null }, /activation/]] }],
  [layers.ReLU, { ...elementwise, options: { maxValue: 0.5, negativeSlope: 0.1 }, refused: [] }],
  [layers.LeakyReLU, { ...elementwise, options: {}, refused: [] }],
  [layers.ELU, { ...elementwise, options: { alpha: 0.5 }, refused: [] }],
  [layers.Softmax, { ...elementwise, options: {}, refused: [] }],
  [layers.Rescaling, { ...elementwise, options: { scale: 0.5, offset: 1 }, refused: [[{ scale: null }, /scale/]] }],
  [
    layers.Dropout,
    {
      ...elementwise,
      options: { rate: 0.4, seed: 3 },
      refused: [
        [{ rate: 1.5 }, /rate/],
        [{ rate: "0.5" }, /rate/],
      ],
    },
  ],
  [
    layers.Flatten,
    { options: {}, inputs: [[2, 3, 4]], output: [2, 12], weights: 0, refused: [[{ dataFormat: "last" }, /dataFormat/]], refusedInputs: [] },
  ],
  [
    layers.Reshape,
    {
      options: { targetShape: [2, -1] },
      inputs: [[2, 3, 4]],
      output: [2, 2, 6],
      weights: 0,
      refused: [[{ targetShape: 4 }, /targetShape/]],
      refusedInputs: [[[2, 3], /elements/]],
    },
  ],
  [
    layers.Resizing,
    {
      ...images,
      options: { height: 4, width: 3 },
      output: [2, 4, 3, 3],
      weights: 0,
      refused: [
        [{ height: 0 }, /height/],
        [{ interpolation: "bilinaer" }, /bilinear/],
      ],
      refusedInputs: [[[2, 6], /axes/]],
    },
  ],
  [
    layers.BatchNormalization,
    {
      options: { momentum: 0.9 },
      inputs: [[4, 3]],
      output: [4, 3],
      weights: 4,
      refused: [
        [{ gammaInitializer: "onse" }, /ones/],
        [{ momentum: 2 }, /momentum/],
        [{ epsilon: -1 }, /epsilon/],
        [{ axis: "last" }, /axis/],
        [{ renorm: true, renormClipping: { rmax: 1, rmin: 2 } }, /rmax/],
        [{ renorm: true, renormClipping: { rMax: 1 } }, /rmax/],
      ],
      refusedInputs: [
        [[4, 2], /built/],
        [[3], /axes/],
      ],
    },
  ],
  [
    layers.Embedding,
    {
      options: { inputDim: 5, outputDim: 3 },
      inputs: [[2, 4]],
      output: [2, 4, 3],
      weights: 1,
      dtype: "int32",
      below: 5,
      refused: [
        [{ inputDim: -1 }, /inputDim/],
        [{ outputDim: 2.5 }, /outputDim/],
      ],
      refusedInputs: [],
    },
  ],
  [
    layers.SimpleRNN,
    {
      options: { units: 3, returnSequences: true },
      inputs: [[2, 4, 2]],
      output: [2, 4, 3],
      weights: 3,
      refused: [
        [{ units: 0 }, /units/],
        [{ recurrentInitializer: "ortogonal" }, /orthogonal/],
      ],
      refusedInputs: [
        [[2, 4], /axes/],
        [[2, 4, 3], /built/],
        [[2, 0, 2], /steps/],
      ],
    },
  ],
  [layers.Conv1D, convolution(1)],
  [layers.Conv2D, convolution(2)],
  [layers.Conv3D, convolution(3)],
  [layers.MaxPooling1D, pooling(1)],
  [layers.MaxPooling2D, pooling(2)],
  [layers.MaxPooling3D, pooling(3)],
  [layers.AveragePooling1D, pooling(1)],
  [layers.AveragePooling2D, pooling(2)],
  [layers.AveragePooling3D, pooling(3)],
  [layers.GlobalAveragePooling1D, globalPooling(1)],
  [layers.GlobalAveragePooling2D, globalPooling(2)],
  [layers.GlobalAveragePooling3D, globalPooling(3)],
  [layers.GlobalMaxPooling1D, globalPooling(1)],
  [layers.GlobalMaxPooling2D, globalPooling(2)],
  [layers.GlobalMaxPooling3D, globalPooling(3)],
  [layers.Add, merged],
  [layers.Subtract, merged],
  [layers.Multiply, merged],
  [layers.Average, merged],
  [layers.Maximum, merged],
  [layers.Minimum, merged],
  [layers.Concatenate, { ...merged, output: [2, 6], refusedInputs: [[[2, 3, 1], /fit/]] }],
];

for (const [cls, contract] of contracts) runLayerContract(cls as LayerUnderTest, contract);
