/** Inception, third version. */
import type { Tensor } from "../graph/index.ts";
import { AveragePooling2D } from "../layers/average-pooling2d.ts";
import { Concatenate } from "../layers/concatenate.ts";
import { MaxPooling2D } from "../layers/max-pooling2d.ts";
import { type Application, classifierOrPooling, defineApplication } from "./application.ts";
import { kernelsOf } from "./checkpoints.ts";
import { normalizedConvolution as conv } from "./normalized-convolution.ts";

const halved = { strides: 2, padding: "valid" } as const;

function joined(branches: readonly Tensor[], name: string | null = null): Tensor {
  return Concatenate({ axis: 3, name })(branches);
}

function pooledBranch(x: Tensor, filters: number): Tensor {
  return conv(AveragePooling2D({ poolSize: 3, strides: 1, padding: "same" })(x), filters, 1);
}

function maximum(x: Tensor): Tensor {
  return MaxPooling2D({ poolSize: 3, strides: 2 })(x);
}

/** Figure 5: 1x1; 5x5; two 3x3; pooling. */
function moduleA(x: Tensor, poolFilters: number, name: string): Tensor {
  const one = conv(x, 64, 1);
  const five = conv(conv(x, 48, 1), 64, 5);
  const three = conv(conv(conv(x, 64, 1), 96, 3), 96, 3);
  return joined([one, five, three, pooledBranch(x, poolFilters)], name);
}

/** Figure 6: 7x7 as 1x7 and 7x1, once and twice. */
function moduleB(x: Tensor, narrow: number, name: string): Tensor {
  const one = conv(x, 192, 1);
  const seven = conv(conv(conv(x, narrow, 1), narrow, [1, 7]), 192, [7, 1]);
  let twice = conv(conv(x, narrow, 1), narrow, [7, 1]);
  twice = conv(conv(conv(twice, narrow, [1, 7]), narrow, [7, 1]), 192, [1, 7]);
  return joined([one, seven, twice, pooledBranch(x, 192)], name);
}

/** Figure 7: 3x3 as 1x3 beside 3x1. */
function moduleC(x: Tensor, index: number): Tensor {
  const one = conv(x, 320, 1);
  const three = conv(x, 384, 1);
  const split = joined([conv(three, 384, [1, 3]), conv(three, 384, [3, 1])], `mixed9_${index}`);
  const double = conv(conv(x, 448, 1), 384, 3);
  const doubleSplit = joined([conv(double, 384, [1, 3]), conv(double, 384, [3, 1])]);
  return joined([one, split, doubleSplit, pooledBranch(x, 192)], `mixed${9 + index}`);
}

function features(image: Tensor): Tensor {
  let x = conv(image, 32, 3, halved);
  x = conv(conv(x, 32, 3, { padding: "valid" }), 64, 3);
  x = maximum(x);
  x = conv(conv(x, 80, 1, { padding: "valid" }), 192, 3, { padding: "valid" });
  x = maximum(x);
  x = moduleA(x, 32, "mixed0");
  x = moduleA(x, 64, "mixed1");
  x = moduleA(x, 64, "mixed2");
  const narrowed = conv(x, 384, 3, halved);
  const deeper = conv(conv(conv(x, 64, 1), 96, 3), 96, 3, halved);
  x = joined([narrowed, deeper, maximum(x)], "mixed3");
  x = moduleB(x, 128, "mixed4");
  x = moduleB(x, 160, "mixed5");
  x = moduleB(x, 160, "mixed6");
  x = moduleB(x, 192, "mixed7");
  const three = conv(conv(x, 192, 1), 320, 3, halved);
  const seven = conv(conv(conv(conv(x, 192, 1), 192, [1, 7]), 192, [7, 1]), 192, 3, halved);
  x = joined([three, seven, maximum(x)], "mixed8");
  return moduleC(moduleC(x, 0), 1);
}

/**
 * Inception v3: 23,851,784 parameters. Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, "Rethinking the Inception Architecture for
 * Computer Vision", 2016, table 1. Images: from -1 to 1 ("tf").
 */
export const InceptionV3: Application = /* @__PURE__ */ defineApplication({
  className: "InceptionV3",
  modelName: "inception_v3",
  defaultSize: 299,
  minSize: 75,
  extras: {},
  checkpoint: ({ includeTop }) =>
    kernelsOf("inception_v3", "inception_v3", ["9a0d58056eeedaa3f26cb7ebd46da564", "bcbd6486424b2319ff4ef7d526e38f63"], includeTop),
  build: (image, settings) => classifierOrPooling(features(image), settings, { average: "avg_pool", averageWithoutTop: null }),
});
