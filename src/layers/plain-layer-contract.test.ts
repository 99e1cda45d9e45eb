import { beforeAll } from "vitest";
import { layers, ops, setBackend, type Tensor } from "../index.ts";
import { type LayerContract, type LayerUnderTest, runLayerContract } from "../testing/layer-contract.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

const spatial = (rank: number, extent: number): number[] => new Array<number>(rank).fill(extent);
const wrongRank = [[2, 5], /axes/] as const;
const elementwise = { inputs: [[2, 3, 4]], output: [2, 3, 4], weights: 0, refusedInputs: [] } as const;

const transposed = (rank: number): LayerContract => ({
  options: { filters: 4, kernelSize: 3, strides: 2, padding: "same", outputPadding: 0, activation: "tanh" },
  inputs: [[2, ...spatial(rank, 3), 2]],
  output: [2, ...spatial(rank, 5), 4],
  weights: 2,
  refused: [
    [{ filters: 0 }, /filters/],
    [{ kernelSize: [3, 3, 3, 3] }, /kernelSize/],
    [{ padding: "causal" }, /padding/],
    [{ outputPadding: 2 }, /outputPadding/],
    [{ outputPadding: -1 }, /outputPadding/],
    [{ dilationRate: 2 }, /dilationRate/],
    [{ useBias: 1 }, /useBias/],
    [{ kernelRegularizer: "l5" }, /regularizer/],
  ],
  refusedInputs: [wrongRank, [[2, ...spatial(rank, 3), 3], /built/]],
});
const depthwise = (rank: number): LayerContract => ({
  options: { kernelSize: 3, depthMultiplier: 2, activation: "tanh" },
  inputs: [[2, ...spatial(rank, 5), 2]],
  output: [2, ...spatial(rank, 3), 4],
  weights: 2,
  refused: [
    [{ depthMultiplier: 0 }, /depthMultiplier/],
    [{ kernelSize: null }, /kernelSize/],
    [{ strides: 2, dilationRate: 2 }, /dilationRate/],
    [{ depthwiseInitializer: "he_norml" }, /he_normal/],
    [{ kernelInitializer: "ones" }, /depthwiseInitializer/],
  ],
  refusedInputs: [wrongRank, [[2, ...spatial(rank, 5), 3], /built/], [[2, ...spatial(rank, 2), 2], /larger/]],
});
const separable = (rank: number): LayerContract => ({
  ...depthwise(rank),
  options: { filters: 3, kernelSize: 3, activation: "tanh" },
  output: [2, ...spatial(rank, 3), 3],
  weights: 3,
  refused: [
    [{ filters: 2.5 }, /filters/],
    [{ depthMultiplier: -1 }, /depthMultiplier/],
    [{ dataFormat: "channels_lst" }, /channels_last/],
    [{ pointwiseConstraint: "max_nrm" }, /max_norm/],
  ],
});
const adaptive = (rank: number): LayerContract => ({
  options: { outputSize: 3 },
  inputs: [[2, ...spatial(rank, 5), 2]],
  output: [2, ...spatial(rank, 3), 2],
  weights: 0,
  refused: [
    [{ outputSize: 0 }, /outputSize/],
    [{ outputSize: null }, /outputSize/],
    [{ outputSize: new Array(rank + 1).fill(2) }, /outputSize/],
    [{ dataFormat: "NCHW" }, /dataFormat/],
  ],
  refusedInputs: [wrongRank],
});
const cropping = (rank: number): LayerContract => ({
  options: { cropping: rank === 1 ? [1, 0] : new Array(rank).fill([1, 0]) },
  inputs: [[2, ...spatial(rank, 3), 2]],
  output: [2, ...spatial(rank, 2), 2],
  weights: 0,
  refused: [
    [{ cropping: -1 }, /cropping/],
    [{ cropping: "1" }, /cropping/],
    [{ cropping: [1, 2, 3, 4] }, /cropping/],
    [{ croppping: 1 }, /cropping/],
  ],
  refusedInputs: [wrongRank, [[2, ...spatial(rank, 1), 2], /nothing/]],
});
const padding = (rank: number): LayerContract => ({
  options: { padding: rank === 1 ? [1, 0] : new Array(rank).fill([1, 0]) },
  inputs: [[2, ...spatial(rank, 3), 2]],
  output: [2, ...spatial(rank, 4), 2],
  weights: 0,
  refused: [
    [{ padding: -1 }, /padding/],
    [{ padding: "same" }, /padding/],
    [{ padding: [[1], [1], [1]] }, /padding/],
    [{ dataFormat: "first" }, /dataFormat/],
  ],
  refusedInputs: [wrongRank],
});
const upSampling = (rank: number): LayerContract => ({
  options: { size: 2 },
  inputs: [[2, ...spatial(rank, 3), 2]],
  output: [2, ...spatial(rank, 6), 2],
  weights: 0,
  refused: [
    [{ size: 0 }, /size/],
    [{ size: 1.5 }, /size/],
    [{ size: [2, 2, 2, 2] }, /size/],
    ...(rank === 2 ? [[{ interpolation: "linear" }, /bilinear/] as const] : []),
  ],
  refusedInputs: [wrongRank],
});
const random = (option: string): LayerContract => ({
  ...elementwise,
  options: { [option]: 0.4, seed: 3 },
  refused: [
    [{ [option]: 1.5 }, new RegExp(option)],
    [{ [option]: "0.5" }, new RegExp(option)],
    [{ [option]: null }, new RegExp(option)],
    [{ seed: "lucky" }, /seed/],
  ],
});
const spatialDropout = (rank: number): LayerContract => ({
  ...random("rate"),
  inputs: [[2, ...spatial(rank, 3), 4]],
  output: [2, ...spatial(rank, 3), 4],
  refusedInputs: [wrongRank],
});

const contracts: readonly (readonly [unknown, LayerContract])[] = [
  [layers.Conv1DTranspose, transposed(1)],
  [layers.Conv2DTranspose, transposed(2)],
  [layers.Conv3DTranspose, transposed(3)],
  [layers.DepthwiseConv1D, depthwise(1)],
  [layers.DepthwiseConv2D, depthwise(2)],
  [layers.SeparableConv1D, separable(1)],
  [layers.SeparableConv2D, separable(2)],
  [layers.AdaptiveAveragePooling1D, adaptive(1)],
  [layers.AdaptiveAveragePooling2D, adaptive(2)],
  [layers.AdaptiveAveragePooling3D, adaptive(3)],
  [layers.AdaptiveMaxPooling1D, adaptive(1)],
  [layers.AdaptiveMaxPooling2D, adaptive(2)],
  [layers.AdaptiveMaxPooling3D, adaptive(3)],
  [layers.Cropping1D, cropping(1)],
  [layers.Cropping2D, cropping(2)],
  [layers.Cropping3D, cropping(3)],
  [layers.ZeroPadding1D, padding(1)],
  [layers.ZeroPadding2D, padding(2)],
  [layers.ZeroPadding3D, padding(3)],
  [layers.UpSampling1D, upSampling(1)],
  [layers.UpSampling2D, upSampling(2)],
  [layers.UpSampling3D, upSampling(3)],
  [layers.SpatialDropout1D, spatialDropout(1)],
  [layers.SpatialDropout2D, spatialDropout(2)],
  [layers.SpatialDropout3D, spatialDropout(3)],
  [layers.GaussianDropout, random("rate")],
  [layers.GaussianNoise, random("stddev")],
  [
    layers.AlphaDropout,
    {
      ...random("rate"),
      refused: [
        ...random("rate").refused,
        [{ rate: 1 }, /rate/],
        [{ noiseShape: 3 }, /noiseShape/],
        [{ noiseShape: [0, 1] }, /noiseShape/],
      ],
    },
  ],
  [
    layers.ActivityRegularization,
    {
      ...elementwise,
      options: { l1: 0.1 },
      refused: [
        [{ l1: -1 }, /l1/],
        [{ l2: "1" }, /l2/],
      ],
    },
  ],
  [layers.Identity, { ...elementwise, options: {}, refused: [[{ units: 3 }, /units/]] }],
  [layers.Masking, { ...elementwise, options: {}, refused: [[{ maskValue: "0" }, /maskValue/]], refusedInputs: [[[2], /axes/]] }],
  [
    layers.Lambda,
    {
      ...elementwise,
      options: { function: (x: Tensor) => ops.square(x), outputShape: [3, 4] },
      serializable: false,
      refused: [
        [{ function: "x => x" }, /function/],
        [{ function: null }, /function/],
        [{ outputShape: "3" }, /outputShape/],
      ],
      refusedInputs: [[[2, 3], /outputShape/]],
    },
  ],
  [
    layers.EinsumDense,
    {
      options: { equation: "abc,cd->abd", outputShape: [null, 5], biasAxes: "d", activation: "tanh" },
      inputs: [[2, 3, 4]],
      output: [2, 3, 5],
      weights: 2,
      refused: [
        [{ equation: "abc->ab" }, /equation/],
        [{ equation: "...ab,bc->ac" }, /side/],
        [{ equation: "ab,bc->ad" }, /"c"|"d"/],
        [{ biasAxes: "z" }, /"z"/],
        [{ outputShape: [0] }, /outputShape/],
        [{ activation: "than" }, /tanh/],
      ],
      refusedInputs: [[[2, 3], /axes/]],
    },
  ],
  [
    layers.LayerNormalization,
    {
      options: { axis: [1, -1] },
      inputs: [[2, 3, 4]],
      output: [2, 3, 4],
      weights: 2,
      refused: [
        [{ axis: "last" }, /axis/],
        [{ axis: [1, 1] }, /axis/],
        [{ epsilon: -1 }, /epsilon/],
        [{ center: "no" }, /center/],
        [{ gammaInitializer: "onse" }, /ones/],
      ],
      refusedInputs: [
        [[2, 3], /axes/],
        [[2, 3, 5], /built/],
      ],
    },
  ],
  [
    layers.RMSNormalization,
    {
      options: {},
      inputs: [[2, 4]],
      output: [2, 4],
      weights: 1,
      refused: [
        [{ axis: 1.5 }, /axis/],
        [{ epsilon: "1" }, /epsilon/],
      ],
      refusedInputs: [[[2, 5], /built/]],
    },
  ],
  [
    layers.GroupNormalization,
    {
      options: { groups: 2 },
      inputs: [[2, 3, 4]],
      output: [2, 3, 4],
      weights: 2,
      refused: [
        [{ groups: 0 }, /groups/],
        [{ groups: -2 }, /groups/],
        [{ axis: [1] }, /axis/],
      ],
      refusedInputs: [
        [[2, 4], /axes/],
        [[2, 3, 5], /built/],
      ],
    },
  ],
  [layers.UnitNormalization, { ...elementwise, options: {}, refused: [[{ axis: null }, /axis/]] }],
  [
    layers.LocalResponseNormalization,
    {
      options: { depthRadius: 1, alpha: 0.5, beta: 0.75 },
      inputs: [[2, 3, 3, 4]],
      output: [2, 3, 3, 4],
      weights: 0,
      refused: [
        [{ depthRadius: -1 }, /depthRadius/],
        [{ bias: "2" }, /bias/],
        [{ dataFormat: "last" }, /dataFormat/],
      ],
      refusedInputs: [wrongRank],
    },
  ],
  [
    layers.SpectralNormalization,
    {
      options: () => ({ layer: layers.Dense({ units: 3, name: "inner" }) }),
      inputs: [[2, 4]],
      output: [2, 3],
      weights: 3,
      refused: [
        [{ powerIterations: 0 }, /powerIterations/],
        [{ layer: "dense" }, /layer/],
        [{ layer: null }, /layer/],
      ],
      refusedInputs: [[[2, 5], /last axis/]],
    },
  ],
  [
    layers.ReversibleEmbedding,
    {
      options: { inputDim: 5, outputDim: 3 },
      inputs: [[2, 4]],
      output: [2, 4, 3],
      weights: 1,
      dtype: "int32",
      below: 5,
      refused: [
        [{ inputDim: -1 }, /inputDim/],
        [{ tieWeights: "yes" }, /tieWeights/],
        [{ logitSoftCap: 0 }, /logitSoftCap/],
        [{ reverseDtype: "int32" }, /reverseDtype/],
        [{ loraRank: 0 }, /loraRank/],
      ],
      refusedInputs: [],
    },
  ],
  [
    layers.Permute,
    {
      options: { dims: [2, 1] },
      inputs: [[2, 3, 4]],
      output: [2, 4, 3],
      weights: 0,
      refused: [
        [{ dims: [0, 1] }, /dims/],
        [{ dims: [1, 1] }, /dims/],
        [{ dims: 2 }, /dims/],
      ],
      refusedInputs: [[[2, 3], /axes/]],
    },
  ],
  [
    layers.RepeatVector,
    {
      options: { n: 3 },
      inputs: [[2, 4]],
      output: [2, 3, 4],
      weights: 0,
      refused: [
        [{ n: 0 }, /n must/],
        [{ n: "3" }, /n must/],
      ],
      refusedInputs: [[[2, 3, 4], /axes/]],
    },
  ],
  [
    layers.PReLU,
    {
      options: { sharedAxes: [1] },
      inputs: [[2, 3, 4]],
      output: [2, 3, 4],
      weights: 1,
      refused: [
        [{ sharedAxes: [0] }, /sharedAxes/],
        [{ sharedAxes: "all" }, /sharedAxes/],
        [{ alphaInitializer: "zeroes" }, /zeros/],
      ],
      refusedInputs: [
        [[2, 3], /axes/],
        [[2, 3, 5], /built/],
      ],
    },
  ],
  [
    layers.Dot,
    {
      options: { axes: 1, normalize: true },
      inputs: [
        [2, 3],
        [2, 3],
      ],
      output: [2, 1],
      weights: 0,
      list: true,
      refused: [
        [{ axes: [1, 2, 3] }, /axes/],
        [{ axes: "1" }, /axes/],
        [{ axes: null }, /axes/],
        [{ normalize: 2 }, /normalize/],
      ],
      refusedInputs: [[[2, 4], /extents/]],
    },
  ],
];

for (const [cls, contract] of contracts) runLayerContract(cls as LayerUnderTest, contract);
