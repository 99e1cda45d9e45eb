/** The models of peers/pytorch_steps.py, built with the public API. */
import { Input, layers, Model, Sequential, type Tensor } from "../src/index.ts";

const { Activation, Add, BatchNormalization, Conv2D, Dense, Dropout, Flatten, GlobalAveragePooling2D, LSTM, MaxPooling2D } = layers;

/** A model with one input and one output. */
export type BenchNet = Model<Tensor, Tensor>;

/** One row of the benchmark. */
export interface BenchModel {
  readonly batch: number;
  /** Shape of one sample. */
  readonly shape: readonly number[];
  /** 0: the input is its own target, under mean squared error. */
  readonly classes: number;
  readonly optimizer: "sgd" | "sgdm" | "rmsprop" | "adam";
  /** Steps of seconds: the JavaScript peers are left out, nobody wants to wait for them. */
  readonly isLarge?: boolean;
  readonly build: () => BenchNet;
}

const sequential = (shape: readonly number[], ...list: readonly layers.Layer[]): BenchNet =>
  new Sequential([layers.InputLayer({ shape }), ...list]);

function mlp(optimizer: BenchModel["optimizer"], batch: number, sizes: readonly number[], classes: number): BenchModel {
  return {
    batch,
    shape: [sizes[0]!],
    classes,
    optimizer,
    build: () =>
      sequential([sizes[0]!], ...sizes.slice(1).map((units, i) => Dense({ units, activation: i + 2 < sizes.length ? "relu" : "linear" }))),
  };
}

const lenet = (): BenchNet =>
  sequential(
    [28, 28, 1],
    Conv2D({ filters: 6, kernelSize: 5, padding: "same", activation: "relu" }),
    MaxPooling2D(),
    Conv2D({ filters: 16, kernelSize: 5, activation: "relu" }),
    MaxPooling2D(),
    Flatten(),
    Dense({ units: 120, activation: "relu" }),
    Dense({ units: 84, activation: "relu" }),
    Dense({ units: 10 }),
  );

const convnet = (): BenchNet =>
  sequential(
    [28, 28, 1],
    Conv2D({ filters: 32, kernelSize: 3, activation: "relu" }),
    MaxPooling2D(),
    Conv2D({ filters: 64, kernelSize: 3, activation: "relu" }),
    MaxPooling2D(),
    Flatten(),
    Dropout({ rate: 0.5 }),
    Dense({ units: 10 }),
  );

function normalized(x: Tensor, filters: number, kernelSize: number, strides = 1): Tensor {
  const y = Conv2D({ filters, kernelSize, strides, padding: "same", useBias: false })(x);
  return BatchNormalization({ momentum: 0.9, epsilon: 1e-5 })(y);
}

const relu = (x: Tensor): Tensor => Activation({ activation: "relu" })(x);

/** ResNet of basic blocks for CIFAR: three groups of three. */
function resnet20(): BenchNet {
  const inputs = Input({ shape: [32, 32, 3] });
  let x = relu(normalized(inputs, 16, 3));
  let width = 16;
  for (const filters of [16, 32, 64]) {
    for (let block = 0; block < 3; block++) {
      const strides = block === 0 && filters > 16 ? 2 : 1;
      const y = normalized(relu(normalized(x, filters, 3, strides)), filters, 3);
      const shortcut = strides !== 1 || width !== filters ? normalized(x, filters, 1, strides) : x;
      x = relu(Add()([y, shortcut]));
      width = filters;
    }
  }
  return new Model({ inputs, outputs: Dense({ units: 10 })(GlobalAveragePooling2D()(x)) });
}

function resnet50(): BenchNet {
  const inputs = Input({ shape: [224, 224, 3] });
  let x = MaxPooling2D({ poolSize: 3, strides: 2, padding: "same" })(relu(normalized(inputs, 64, 7, 2)));
  let width = 64;
  for (const [filters, blocks, stride] of [
    [64, 3, 1],
    [128, 4, 2],
    [256, 6, 2],
    [512, 3, 2],
  ] as const) {
    for (let block = 0; block < blocks; block++) {
      const strides = block === 0 ? stride : 1;
      const y = normalized(relu(normalized(relu(normalized(x, filters, 1)), filters, 3, strides)), 4 * filters, 1);
      const shortcut = strides !== 1 || width !== 4 * filters ? normalized(x, 4 * filters, 1, strides) : x;
      x = relu(Add()([y, shortcut]));
      width = 4 * filters;
    }
  }
  return new Model({ inputs, outputs: Dense({ units: 1000 })(GlobalAveragePooling2D()(x)) });
}

function vgg16(): BenchNet {
  const stages = [
    [64, 2],
    [128, 2],
    [256, 3],
    [512, 3],
    [512, 3],
  ] as const;
  return sequential(
    [224, 224, 3],
    ...stages.flatMap(([filters, count]) => [
      ...Array.from({ length: count }, () => Conv2D({ filters, kernelSize: 3, padding: "same", activation: "relu" })),
      MaxPooling2D(),
    ]),
    Flatten(),
    Dense({ units: 4096, activation: "relu" }),
    Dropout({ rate: 0.5 }),
    Dense({ units: 4096, activation: "relu" }),
    Dropout({ rate: 0.5 }),
    Dense({ units: 1000 }),
  );
}

const digits = { batch: 128, shape: [28, 28, 1], classes: 10, optimizer: "adam" } as const;
const photographs = { batch: 4, shape: [224, 224, 3], classes: 1000, optimizer: "sgdm", isLarge: true } as const;

/** By the names that the peers use. */
export const models: Readonly<Record<string, BenchModel>> = {
  mlp_100_64_10_b32_sgd: mlp("sgd", 32, [100, 64, 10], 10),
  mlp_784_64_64_10_b32_rmsprop: mlp("rmsprop", 32, [784, 64, 64, 10], 10),
  mlp_784_512_512_10_b128_adam: mlp("adam", 128, [784, 512, 512, 10], 10),
  lenet_28_b128_adam: { ...digits, build: lenet },
  convnet_28_b128_adam: { ...digits, build: convnet },
  resnet20_32_b32_sgdm: { batch: 32, shape: [32, 32, 3], classes: 10, optimizer: "sgdm", build: resnet20 },
  lstm_t32_64_128_b32_adam: {
    batch: 32,
    shape: [32, 64],
    classes: 10,
    optimizer: "adam",
    build: () => sequential([32, 64], LSTM({ units: 128 }), Dense({ units: 10 })),
  },
  autoencoder_784_b128_adam: mlp("adam", 128, [784, 128, 32, 128, 784], 0),
  vgg16_224_b4_sgdm: { ...photographs, build: vgg16 },
  resnet50_224_b4_sgdm: { ...photographs, build: resnet50 },
};
