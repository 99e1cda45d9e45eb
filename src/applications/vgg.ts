/** The networks of the Visual Geometry Group. */
import type { Tensor } from "../graph/index.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { Dense } from "../layers/dense.ts";
import { Flatten } from "../layers/flatten.ts";
import { MaxPooling2D } from "../layers/max-pooling2d.ts";
import { type Application, type ApplicationSettings, type Architecture, defineApplication, pooled } from "./application.ts";
import { kernelsOf } from "./checkpoints.ts";

/** Five blocks of 3x3 convolutions and a halving each, then three dense layers. `depths`: convolutions of each block. */
function vgg(className: string, depths: readonly number[], digests: readonly [string, string]): Architecture<object, Tensor> {
  return {
    className,
    modelName: className.toLowerCase(),
    defaultSize: 224,
    minSize: 32,
    extras: {},
    checkpoint: ({ includeTop }) => kernelsOf(className.toLowerCase(), className.toLowerCase(), digests, includeTop),
    build: (image, settings) => classified(features(image, depths), settings),
  };
}

function features(image: Tensor, depths: readonly number[]): Tensor {
  let x = image;
  depths.forEach((depth, block) => {
    const filters = Math.min(512, 64 << block);
    for (let i = 1; i <= depth; i++)
      x = Conv2D({ filters, kernelSize: 3, padding: "same", activation: "relu", name: `block${block + 1}_conv${i}` })(x);
    x = MaxPooling2D({ poolSize: 2, strides: 2, name: `block${block + 1}_pool` })(x);
  });
  return x;
}

function classified(features: Tensor, settings: ApplicationSettings): Tensor {
  if (!settings.includeTop) return pooled(features, settings);
  let x = Flatten({ name: "flatten" })(features);
  x = Dense({ units: 4096, activation: "relu", name: "fc1" })(x);
  x = Dense({ units: 4096, activation: "relu", name: "fc2" })(x);
  return Dense({ units: settings.classes, activation: settings.classifierActivation, name: "predictions" })(x);
}

/**
 * VGG-16: 13 convolutions, 138,357,544 parameters. Simonyan, Zisserman, "Very Deep Convolutional Networks for Large-Scale
 * Image Recognition", 2015, configuration D. Second in ILSVRC 2014. Images: RGB to BGR, minus the mean ("caffe").
 */
export const VGG16: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ vgg("VGG16", [2, 2, 3, 3, 3], ["64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"]),
);

/** VGG-19: 16 convolutions, 143,667,240 parameters; configuration E of the same paper as {@link VGG16}. */
export const VGG19: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ vgg("VGG19", [2, 2, 4, 4, 4], ["cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"]),
);
