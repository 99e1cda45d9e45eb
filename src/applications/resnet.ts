/** Residual networks. */
import type { Tensor } from "../graph/index.ts";
import { Activation } from "../layers/activation.ts";
import { Add } from "../layers/add.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { ZeroPadding2D } from "../layers/zero-padding2d.ts";
import { type Application, type Architecture, defineApplication, type UntrainedApplication } from "./application.ts";
import { activated, normalized, type ResidualNetwork, residualNetwork, type Stage } from "./residual-network.ts";

interface Block {
  readonly filters: number;
  readonly strides: number;
  /** Whether the shortcut is a 1x1 convolution. */
  readonly projects: boolean;
  readonly name: string;
}

function sum(shortcut: Tensor, x: Tensor, name: string): Tensor {
  return Activation({ activation: "relu", name: `${name}_out` })(Add({ name: `${name}_add` })([shortcut, x]));
}

/** 1x1 down to `filters`, 3x3, 1x1 up to four times as many; Keras strides in the first. */
function bottleneck(x: Tensor, { filters, strides, projects, name }: Block): Tensor {
  const wide = 4 * filters;
  const shortcut = projects ? normalized(Conv2D({ filters: wide, kernelSize: 1, strides, name: `${name}_0_conv` })(x), `${name}_0_bn`) : x;
  let y = Conv2D({ filters, kernelSize: 1, strides, name: `${name}_1_conv` })(x);
  y = activated(y, `${name}_1_bn`, `${name}_1_relu`);
  y = Conv2D({ filters, kernelSize: 3, padding: "same", name: `${name}_2_conv` })(y);
  y = activated(y, `${name}_2_bn`, `${name}_2_relu`);
  y = normalized(Conv2D({ filters: wide, kernelSize: 1, name: `${name}_3_conv` })(y), `${name}_3_bn`);
  return sum(shortcut, y, name);
}

const bottlenecks: Stage = (x, filters, blocks, keepsSize, name) => {
  for (let i = 1; i <= blocks; i++) {
    const strides = i === 1 && !keepsSize ? 2 : 1;
    x = bottleneck(x, { filters, strides, projects: i === 1, name: `${name}_block${i}` });
  }
  return x;
};

/** Two 3x3 convolutions without biases; padding of 1 at every side, also where the stride is 2. */
function basicBlock(x: Tensor, { filters, strides, projects, name }: Block): Tensor {
  const shortcut = projects
    ? normalized(Conv2D({ filters, kernelSize: 1, strides, useBias: false, name: `${name}_0_conv` })(x), `${name}_0_bn`)
    : x;
  const centred = strides === 1 ? x : ZeroPadding2D({ padding: 1, name: `${name}_1_pad` })(x);
  const padding = strides === 1 ? "same" : "valid";
  let y = Conv2D({ filters, kernelSize: 3, strides, padding, useBias: false, name: `${name}_1_conv` })(centred);
  y = activated(y, `${name}_1_bn`, `${name}_1_relu`);
  y = Conv2D({ filters, kernelSize: 3, padding: "same", useBias: false, name: `${name}_2_conv` })(y);
  return sum(shortcut, normalized(y, `${name}_2_bn`), name);
}

const basicBlocks: Stage = (x, filters, blocks, keepsSize, name) => {
  for (let i = 1; i <= blocks; i++) {
    const strides = i === 1 && !keepsSize ? 2 : 1;
    x = basicBlock(x, { filters, strides, projects: strides === 2, name: `${name}_block${i}` });
  }
  return x;
};

function resnet(
  className: string,
  blocks: ResidualNetwork["blocks"],
  stage: Stage,
  digests: ResidualNetwork["digests"] = null,
): Architecture<object, Tensor> {
  return residualNetwork({ className, blocks, stage, digests, preactivated: false, useBias: stage === bottlenecks, keepsSizeAt: 0 });
}

/**
 * ResNet-18: 11,689,512 trainable parameters. He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2016,
 * table 1. First in ILSVRC 2015 (with more layers). Keras has no networks of basic blocks; layers are named as in its others.
 */
export const ResNet18: UntrainedApplication = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ resnet("ResNet18", [2, 2, 2, 2], basicBlocks),
);

/** ResNet-34: 21,797,672 trainable parameters; see {@link ResNet18}. */
export const ResNet34: UntrainedApplication = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ resnet("ResNet34", [3, 4, 6, 3], basicBlocks),
);

/**
 * ResNet-50: 25,636,712 parameters in Keras's form. He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition",
 * 2016, table 1. Images: RGB to BGR, minus the mean ("caffe").
 */
export const ResNet50: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ resnet("ResNet50", [3, 4, 6, 3], bottlenecks, ["2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"]),
);

/** ResNet-101: 44,707,176 parameters; see {@link ResNet50}. */
export const ResNet101: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ resnet("ResNet101", [3, 4, 23, 3], bottlenecks, ["f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21"]),
);

/** ResNet-152: 60,419,944 parameters; see {@link ResNet50}. */
export const ResNet152: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ resnet("ResNet152", [3, 8, 36, 3], bottlenecks, ["100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c"]),
);
