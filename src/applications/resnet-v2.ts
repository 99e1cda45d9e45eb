/** Residual networks of the second version: normalisation and relu stand before the convolutions. */
import type { Tensor } from "../graph/index.ts";
import { Add } from "../layers/add.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { MaxPooling2D } from "../layers/max-pooling2d.ts";
import { ZeroPadding2D } from "../layers/zero-padding2d.ts";
import { type Application, type Architecture, defineApplication, type UntrainedApplication } from "./application.ts";
import { activated, type ResidualNetwork, residualNetwork, type Stage } from "./residual-network.ts";

interface Block {
  readonly filters: number;
  readonly strides: number;
  readonly projects: boolean;
  readonly name: string;
}

/** The shortcut: a projection of the activated input, or the input itself, thinned out where the block strides. */
function shortcutOf(x: Tensor, preactivated: Tensor, { strides, projects, name }: Block, wide: number, useBias: boolean): Tensor {
  if (projects) return Conv2D({ filters: wide, kernelSize: 1, strides, useBias, name: `${name}_0_conv` })(preactivated);
  return strides > 1 ? MaxPooling2D({ poolSize: 1, strides })(x) : x;
}

function bottleneck(x: Tensor, block: Block): Tensor {
  const { filters, strides, name } = block;
  const preactivated = activated(x, `${name}_preact_bn`, `${name}_preact_relu`);
  const shortcut = shortcutOf(x, preactivated, block, 4 * filters, true);
  let y = Conv2D({ filters, kernelSize: 1, useBias: false, name: `${name}_1_conv` })(preactivated);
  y = activated(y, `${name}_1_bn`, `${name}_1_relu`);
  y = ZeroPadding2D({ padding: 1, name: `${name}_2_pad` })(y);
  y = Conv2D({ filters, kernelSize: 3, strides, useBias: false, name: `${name}_2_conv` })(y);
  y = activated(y, `${name}_2_bn`, `${name}_2_relu`);
  y = Conv2D({ filters: 4 * filters, kernelSize: 1, name: `${name}_3_conv` })(y);
  return Add({ name: `${name}_out` })([shortcut, y]);
}

/** In Keras's version the last block of a stage strides. */
const bottlenecks: Stage = (x, filters, blocks, keepsSize, name) => {
  for (let i = 1; i <= blocks; i++) {
    const strides = i === blocks && !keepsSize ? 2 : 1;
    x = bottleneck(x, { filters, strides, projects: i === 1, name: `${name}_block${i}` });
  }
  return x;
};

function basicBlock(x: Tensor, block: Block): Tensor {
  const { filters, strides, name } = block;
  const preactivated = activated(x, `${name}_preact_bn`, `${name}_preact_relu`);
  const shortcut = shortcutOf(x, preactivated, block, filters, false);
  let y = ZeroPadding2D({ padding: 1, name: `${name}_1_pad` })(preactivated);
  y = Conv2D({ filters, kernelSize: 3, strides, useBias: false, name: `${name}_1_conv` })(y);
  y = activated(y, `${name}_1_bn`, `${name}_1_relu`);
  y = Conv2D({ filters, kernelSize: 3, padding: "same", useBias: false, name: `${name}_2_conv` })(y);
  return Add({ name: `${name}_out` })([shortcut, y]);
}

/** As published: the first block of a stage strides and projects. */
const basicBlocks: Stage = (x, filters, blocks, keepsSize, name) => {
  for (let i = 1; i <= blocks; i++) {
    const strides = i === 1 && !keepsSize ? 2 : 1;
    x = basicBlock(x, { filters, strides, projects: strides === 2, name: `${name}_block${i}` });
  }
  return x;
};

function resnetV2(
  className: string,
  blocks: ResidualNetwork["blocks"],
  stage: Stage,
  digests: ResidualNetwork["digests"] = null,
): Architecture<object, Tensor> {
  const isDeep = stage === bottlenecks;
  return residualNetwork({ className, blocks, stage, digests, preactivated: true, useBias: isDeep, keepsSizeAt: isDeep ? 3 : 0 });
}

/** ResNet-18 with pre-activation. He, Zhang, Ren, Sun, "Identity Mappings in Deep Residual Networks", 2016. */
export const ResNet18V2: UntrainedApplication = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ resnetV2("ResNet18V2", [2, 2, 2, 2], basicBlocks),
);

/** ResNet-34 with pre-activation; see {@link ResNet18V2}. */
export const ResNet34V2: UntrainedApplication = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ resnetV2("ResNet34V2", [3, 4, 6, 3], basicBlocks),
);

/**
 * ResNet-50 with pre-activation: 25,613,800 parameters. He, Zhang, Ren, Sun, "Identity Mappings in Deep Residual Networks",
 * 2016. Images: from -1 to 1 ("tf").
 */
export const ResNet50V2: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ resnetV2("ResNet50V2", [3, 4, 6, 3], bottlenecks, [
    "3ef43a0b657b3be2300d5770ece849e0",
    "fac2f116257151a9d068a22e544a4917",
  ]),
);

/** ResNet-101 with pre-activation; see {@link ResNet50V2}. */
export const ResNet101V2: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ resnetV2("ResNet101V2", [3, 4, 23, 3], bottlenecks, [
    "6343647c601c52e1368623803854d971",
    "c0ed64b8031c3730f411d2eb4eea35b5",
  ]),
);

/** ResNet-152 with pre-activation; see {@link ResNet50V2}. */
export const ResNet152V2: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ resnetV2("ResNet152V2", [3, 8, 36, 3], bottlenecks, [
    "a49b44d1979771252814e80f8ec446f9",
    "ed17cf2e0169df9d443503ef94b23b33",
  ]),
);
