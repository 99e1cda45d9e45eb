/** The models of peers/pytorch_steps.py whose layers exist, built with the public API. */
import { layers, Sequential } from "../src/index.ts";

const { Conv2D, Dense, Dropout, Flatten, InputLayer, MaxPooling2D } = layers;

/** One row of the benchmark. */
export interface BenchModel {
  readonly batch: number;
  /** Shape of one sample. */
  readonly shape: readonly number[];
  /** 0: the input is its own target, under mean squared error. */
  readonly classes: number;
  readonly optimizer: "sgd" | "rmsprop" | "adam";
  readonly build: () => Sequential;
  /** Floating-point operations of a forward pass of one sample: contractions only, multiply and add counted apart. */
  readonly flops: number;
  /** Those of the first layer, whose input gradient a training step does not need. */
  readonly firstLayerFlops: number;
}

function mlp(optimizer: BenchModel["optimizer"], batch: number, sizes: readonly number[], classes: number): BenchModel {
  const flops = sizes.slice(1).map((units, i) => 2 * sizes[i]! * units);
  return {
    batch,
    shape: [sizes[0]!],
    classes,
    optimizer,
    build: () => {
      const model = new Sequential();
      model.add(InputLayer({ shape: [sizes[0]!] }));
      sizes.slice(1).forEach((units, i) => model.add(Dense({ units, activation: i + 2 < sizes.length ? "relu" : "linear" })));
      return model;
    },
    flops: flops.reduce((a, b) => a + b, 0),
    firstLayerFlops: flops[0]!,
  };
}

function lenet(): Sequential {
  const model = new Sequential();
  model.add(InputLayer({ shape: [28, 28, 1] }));
  model.add(Conv2D({ filters: 6, kernelSize: 5, padding: "same", activation: "relu" }));
  model.add(MaxPooling2D());
  model.add(Conv2D({ filters: 16, kernelSize: 5, activation: "relu" }));
  model.add(MaxPooling2D());
  model.add(Flatten());
  model.add(Dense({ units: 120, activation: "relu" }));
  model.add(Dense({ units: 84, activation: "relu" }));
  model.add(Dense({ units: 10 }));
  return model;
}

function convnet(): Sequential {
  const model = new Sequential();
  model.add(InputLayer({ shape: [28, 28, 1] }));
  model.add(Conv2D({ filters: 32, kernelSize: 3, activation: "relu" }));
  model.add(MaxPooling2D());
  model.add(Conv2D({ filters: 64, kernelSize: 3, activation: "relu" }));
  model.add(MaxPooling2D());
  model.add(Flatten());
  model.add(Dropout({ rate: 0.5 }));
  model.add(Dense({ units: 10 }));
  return model;
}

const image = { batch: 128, shape: [28, 28, 1], classes: 10, optimizer: "adam" } as const;

/** By the names that the peers use. */
export const models: Readonly<Record<string, BenchModel>> = {
  mlp_100_64_10_b32_sgd: mlp("sgd", 32, [100, 64, 10], 10),
  mlp_784_64_64_10_b32_rmsprop: mlp("rmsprop", 32, [784, 64, 64, 10], 10),
  mlp_784_512_512_10_b128_adam: mlp("adam", 128, [784, 512, 512, 10], 10),
  lenet_28_b128_adam: {
    ...image,
    build: lenet,
    flops: 2 * (784 * 25 * 6 + 100 * 150 * 16 + 400 * 120 + 120 * 84 + 84 * 10),
    firstLayerFlops: 2 * 784 * 25 * 6,
  },
  convnet_28_b128_adam: {
    ...image,
    build: convnet,
    flops: 2 * (676 * 9 * 32 + 121 * 288 * 64 + 1600 * 10),
    firstLayerFlops: 2 * 676 * 9 * 32,
  },
  autoencoder_784_b128_adam: mlp("adam", 128, [784, 128, 32, 128, 784], 0),
};
