/** Residual networks for images of 32x32. */
import type { Tensor } from "../graph/index.ts";
import { Activation } from "../layers/activation.ts";
import { Add } from "../layers/add.ts";
import { BatchNormalization } from "../layers/batch-normalization.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { type UntrainedApplication, type Architecture, classifierOrPooling, defineApplication } from "./application.ts";
import { IdentityShortcut } from "./identity-shortcut.ts";

function conv(x: Tensor, filters: number, strides: number, name: string): Tensor {
  const y = Conv2D({
    filters,
    kernelSize: 3,
    strides,
    padding: "same",
    useBias: false,
    kernelInitializer: "he_normal",
    name: `${name}_conv`,
  })(x);
  return BatchNormalization({ momentum: 0.9, epsilon: 1e-5, name: `${name}_bn` })(y);
}

function relu(x: Tensor, name: string): Tensor {
  return Activation({ activation: "relu", name })(x);
}

/** 6 n + 2 layers: a convolution, three stages of n blocks of 16, 32 and 64 filters, a classifier. */
function cifarResNet(className: string, n: number): Architecture<object, Tensor> {
  return {
    className,
    modelName: className.toLowerCase(),
    defaultSize: 32,
    minSize: 8,
    defaultClasses: 10,
    extras: {},
    build: (image, settings) => {
      let x = relu(conv(image, 16, 1, "conv1"), "conv1_relu");
      [16, 32, 64].forEach((filters, stage) => {
        for (let i = 1; i <= n; i++) {
          const name = `conv${stage + 2}_block${i}`;
          const strides = i === 1 && stage > 0 ? 2 : 1;
          let y = relu(conv(x, filters, strides, `${name}_1`), `${name}_1_relu`);
          y = conv(y, filters, 1, `${name}_2`);
          const shortcut = strides === 1 ? x : IdentityShortcut({ filters, strides, name: `${name}_shortcut` })(x);
          x = relu(Add({ name: `${name}_add` })([shortcut, y]), `${name}_out`);
        }
      });
      return classifierOrPooling(x, settings, { average: "avg_pool", maximum: "max_pool", kernelInitializer: "he_normal" });
    },
  };
}

/**
 * ResNet-20 for CIFAR: 0.27 million parameters, shortcuts without parameters. He, Zhang, Ren, Sun, "Deep Residual Learning
 * for Image Recognition", 2016, section 4.2: SGD with momentum 0.9 and a weight decay of 1e-4, images with flip and crop.
 */
export const ResNet20: UntrainedApplication = /* @__PURE__ */ defineApplication(/* @__PURE__ */ cifarResNet("ResNet20", 3));

/** ResNet-32 for CIFAR: 0.46 million parameters; see {@link ResNet20}. */
export const ResNet32: UntrainedApplication = /* @__PURE__ */ defineApplication(/* @__PURE__ */ cifarResNet("ResNet32", 5));

/** ResNet-56 for CIFAR: 0.85 million parameters; see {@link ResNet20}. */
export const ResNet56: UntrainedApplication = /* @__PURE__ */ defineApplication(/* @__PURE__ */ cifarResNet("ResNet56", 9));
