import { beforeAll } from "vitest";
import { layers, setBackend } from "../index.ts";
import { type LayerContract, type LayerUnderTest, runLayerContract } from "../testing/layer-contract.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

const images: Omit<LayerContract, "options" | "refused"> = {
  inputs: [[2, 6, 5, 3]],
  output: [2, 6, 5, 3],
  weights: 0,
  refusedInputs: [
    [[2, 6], /axes/],
    [[2, 6, 5, 3, 1], /axes/],
  ],
};
const factor: LayerContract["refused"] = [
  [{ factor: 17 }, /factor/],
  [{ factor: "much" }, /factor/],
  [{ factor: [0, 1, 2] }, /factor/],
];
const range: LayerContract["refused"] = [
  [{ valueRange: 255 }, /valueRange/],
  [{ valueRange: [1, 1] }, /valueRange/],
];
const spatial: LayerContract["refused"] = [
  [{ fillMode: "mirror" }, /reflect/],
  [{ interpolation: "cubic" }, /bilinear/],
  [{ dataFormat: "NHWC" }, /dataFormat/],
];

const contracts: readonly (readonly [unknown, object, LayerContract["refused"], Partial<LayerContract>?])[] = [
  [layers.RandomFlip, { seed: 1 }, [[{ mode: "diagonal" }, /horizontal/]]],
  [layers.RandomRotation, { factor: 0.1, seed: 1 }, [...factor, ...spatial, [{ factor: null }, /factor/]]],
  [layers.RandomTranslation, { heightFactor: 0.1, widthFactor: [0, 0.2] }, [...spatial, [{ heightFactor: 2 }, /heightFactor/]]],
  [layers.RandomZoom, { heightFactor: 0.2 }, [...spatial, [{ heightFactor: -1 }, /heightFactor/], [{ widthFactor: "x" }, /widthFactor/]]],
  [layers.RandomShear, { xFactor: 0.2 }, [...spatial, [{ yFactor: -0.1 }, /yFactor/]]],
  [layers.RandomPerspective, { scale: 0.2 }, [...factor, [{ scale: 2 }, /scale/]]],
  [
    layers.RandomCrop,
    { height: 3, width: 2 },
    [
      [{ height: 0 }, /height/],
      [{ width: "2" }, /width/],
    ],
    { output: [2, 3, 2, 3] },
  ],
  [layers.RandomBrightness, { factor: 0.2 }, [...factor, ...range]],
  [layers.RandomContrast, { factor: 0.2 }, [...factor, ...range]],
  [layers.RandomHue, { factor: 0.2 }, [...factor, ...range]],
  [layers.RandomSaturation, { factor: 0.2 }, [...factor, ...range]],
  [layers.RandomColorJitter, { brightnessFactor: 0.2, hueFactor: 0.1 }, [...range, [{ hueFactors: 3 }, /hueFactor/]]],
  [layers.RandomColorDegeneration, { factor: 0.2 }, [...factor, ...range]],
  [layers.RandomGrayscale, { factor: 0.2 }, factor],
  [layers.RandomSharpness, { factor: 0.2 }, [...factor, ...range]],
  [layers.RandomPosterization, { factor: 4 }, [...factor, ...range, [{ factor: 0 }, /factor/]]],
  [layers.RandomInvert, { factor: 0.2 }, [...factor, ...range]],
  [layers.RandomGaussianBlur, {}, [...factor, ...range, [{ kernelSize: 4 }, /odd/], [{ sigma: 7 }, /sigma/]]],
  [layers.RandomElasticTransform, { scale: 0.5 }, [...factor, ...range, [{ scale: -1 }, /scale/], [{ fillMode: "mirror" }, /reflect/]]],
  [layers.RandomErasing, { factor: 0.2 }, [...factor, ...range, [{ scale: 2 }, /scale/], [{ fillValue: "grey" }, /fillValue/]]],
  [layers.Solarization, {}, [...range, [{ additionFactor: 2 }, /additionFactor/]]],
  [layers.AutoContrast, {}, range],
  [layers.Equalization, {}, [...range, [{ bins: 0 }, /bins/]]],
  [
    layers.ContrastLimitedAdaptiveHistogramEqualization,
    { tileGridSize: [2, 2] },
    [...range, [{ clipLimit: -1 }, /clipLimit/], [{ tileGridSize: 2 }, /tileGridSize/], [{ tileGridSize: [0, 2] }, /tileGridSize/]],
  ],
  [layers.MixUp, {}, [[{ alpha: 0 }, /alpha/]]],
  [layers.CutMix, {}, factor],
  [layers.RandAugment, {}, [...factor, ...range, [{ numOps: 0 }, /numOps/]]],
  [layers.AugMix, { numChains: 2 }, [...factor, ...range, [{ numChains: 0 }, /numChains/], [{ alpha: -1 }, /alpha/]]],
];

for (const [cls, options, refused, rest] of contracts) runLayerContract(cls as LayerUnderTest, { ...images, options, refused, ...rest });

// What does not fit is refused by the layer that it does not fit, in its own name and dtype.
runLayerContract(layers.Pipeline, {
  ...images,
  options: () => ({ layers: [layers.RandomFlip({ seed: 1 }), layers.Rescaling({ scale: 0.5 })] }),
  inner: true,
  refusedInputs: [],
  refused: [
    [{ layers: [] }, /layers/],
    [{ layers: ["RandomFlip"] }, /layers/],
  ],
});
