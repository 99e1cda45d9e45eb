/** NASNets. */
import type { Tensor } from "../graph/index.ts";
import { Activation } from "../layers/activation.ts";
import { Add } from "../layers/add.ts";
import { AveragePooling2D } from "../layers/average-pooling2d.ts";
import { BatchNormalization } from "../layers/batch-normalization.ts";
import { Concatenate } from "../layers/concatenate.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { Cropping2D } from "../layers/cropping2d.ts";
import { MaxPooling2D } from "../layers/max-pooling2d.ts";
import { SeparableConv2D } from "../layers/separable-conv2d.ts";
import { ZeroPadding2D } from "../layers/zero-padding2d.ts";
import { type Application, type Architecture, classifierOrPooling, defineApplication } from "./application.ts";
import { paddingForStride2 } from "./convolution-padding.ts";

/** What distinguishes the networks: NASNet-A (N @ P) has 3 N cells and P filters at the end. */
interface Size {
  readonly name: "mobile" | "large";
  readonly size: number;
  /** N. */
  readonly cells: number;
  /** P. */
  readonly filters: number;
  readonly stemFilters: number;
  /** Whether the cell after a reduction sees what the reduction saw, instead of what stood before it. */
  readonly skipsReduction: boolean;
  /** Digests of the published weights, with and without the classifier. */
  readonly digests: readonly [string, string];
}

/** A cell's place in the network: its name, and its width. */
interface Cell {
  readonly id: string;
  readonly filters: number;
}

function relu(x: Tensor, name: string | null = null): Tensor {
  return Activation({ activation: "relu", name })(x);
}

function normalized(x: Tensor, name: string): Tensor {
  return BatchNormalization({ axis: -1, momentum: 0.9997, epsilon: 1e-3, name })(x);
}

function pointwise(x: Tensor, filters: number, name: string): Tensor {
  return Conv2D({ filters, kernelSize: 1, padding: "same", useBias: false, kernelInitializer: "he_normal", name })(x);
}

function average(x: Tensor, name: string): Tensor {
  return AveragePooling2D({ poolSize: 3, strides: 1, padding: "same", name })(x);
}

function sum(x: Tensor, y: Tensor, name: string | null): Tensor {
  return Add({ name })([x, y]);
}

/** Twice relu, separable convolution, normalisation; the first convolution with the strides. */
function separable(x: Tensor, filters: number, kernelSize: number, strides: number, id: string): Tensor {
  let y = relu(x);
  if (strides === 2) y = ZeroPadding2D({ padding: paddingForStride2(y, kernelSize), name: `separable_conv_1_pad_${id}` })(y);
  const padding = strides === 2 ? "valid" : "same";
  y = SeparableConv2D({ filters, kernelSize, strides, padding, useBias: false, name: `separable_conv_1_${id}` })(y);
  y = relu(normalized(y, `separable_conv_1_bn_${id}`));
  y = SeparableConv2D({ filters, kernelSize, padding: "same", useBias: false, name: `separable_conv_2_${id}` })(y);
  return normalized(y, `separable_conv_2_bn_${id}`);
}

/** Every second place, half of the filters from each of two grids that lie between each other. */
function halved(previous: Tensor, { id, filters }: Cell): Tensor {
  const x = relu(previous, `adjust_relu_1_${id}`);
  const path = (y: Tensor, number: number): Tensor => {
    const every = AveragePooling2D({ poolSize: 1, strides: 2, padding: "valid", name: `adjust_avg_pool_${number}_${id}` })(y);
    return pointwise(every, Math.floor(filters / 2), `adjust_conv_${number}_${id}`);
  };
  const first = path(x, 1);
  const between = ZeroPadding2D({ padding: [[0, 1], [0, 1]] })(x); // prettier-ignore
  const second = path(Cropping2D({ cropping: [[1, 0], [1, 0]] })(between), 2); // prettier-ignore
  return normalized(Concatenate({ axis: -1 })([first, second]), `adjust_bn_${id}`);
}

/** The output of the cell before the last, in the extents of the last one's and with the filters of this cell. */
function adjusted(previous: Tensor | null, input: Tensor, cell: Cell): Tensor {
  if (previous === null) return input;
  if (previous.shape[2] !== input.shape[2]) return halved(previous, cell);
  if (previous.shape[3] === cell.filters) return previous;
  const x = pointwise(relu(previous), cell.filters, `adjust_conv_projection_${cell.id}`);
  return normalized(x, `adjust_bn_${cell.id}`);
}

function projected(input: Tensor, { id, filters }: Cell, kind: "normal" | "reduction"): Tensor {
  return normalized(pointwise(relu(input), filters, `${kind}_conv_1_${id}`), `${kind}_bn_1_${id}`);
}

/** Figure 4 of the paper, left: keeps the extents. */
function normalCell(input: Tensor, before: Tensor | null, cell: Cell): Tensor {
  const { id, filters } = cell;
  const p = adjusted(before, input, cell);
  const h = projected(input, cell, "normal");
  const left1 = separable(h, filters, 5, 1, `normal_left1_${id}`);
  const x1 = sum(left1, separable(p, filters, 3, 1, `normal_right1_${id}`), `normal_add_1_${id}`);
  const left2 = separable(p, filters, 5, 1, `normal_left2_${id}`);
  const x2 = sum(left2, separable(p, filters, 3, 1, `normal_right2_${id}`), `normal_add_2_${id}`);
  const x3 = sum(average(h, `normal_left3_${id}`), p, `normal_add_3_${id}`);
  const left4 = average(p, `normal_left4_${id}`);
  const x4 = sum(left4, average(p, `normal_right4_${id}`), `normal_add_4_${id}`);
  const x5 = sum(separable(h, filters, 3, 1, `normal_left5_${id}`), h, `normal_add_5_${id}`);
  return Concatenate({ axis: -1, name: `normal_concat_${id}` })([p, x1, x2, x3, x4, x5]);
}

/** Figure 4 of the paper, right: halves the extents. */
function reductionCell(input: Tensor, before: Tensor | null, cell: Cell): Tensor {
  const { id, filters } = cell;
  const p = adjusted(before, input, cell);
  const h = projected(input, cell, "reduction");
  const h3 = ZeroPadding2D({ padding: paddingForStride2(h, 3), name: `reduction_pad_1_${id}` })(h);
  const left1 = separable(h, filters, 5, 2, `reduction_left1_${id}`);
  const x1 = sum(left1, separable(p, filters, 7, 2, `reduction_right1_${id}`), `reduction_add_1_${id}`);
  const left2 = MaxPooling2D({ poolSize: 3, strides: 2, padding: "valid", name: `reduction_left2_${id}` })(h3);
  const x2 = sum(left2, separable(p, filters, 7, 2, `reduction_right2_${id}`), `reduction_add_2_${id}`);
  const left3 = AveragePooling2D({ poolSize: 3, strides: 2, padding: "valid", name: `reduction_left3_${id}` })(h3);
  const x3 = sum(left3, separable(p, filters, 5, 2, `reduction_right3_${id}`), `reduction_add3_${id}`);
  const x4 = sum(x2, average(x1, `reduction_left4_${id}`), null);
  const left5 = separable(x1, filters, 3, 1, `reduction_left4_${id}`);
  const right5 = MaxPooling2D({ poolSize: 3, strides: 2, padding: "valid", name: `reduction_right5_${id}` })(h3);
  const x5 = sum(left5, right5, `reduction_add4_${id}`);
  return Concatenate({ axis: -1, name: `reduction_concat_${id}` })([x2, x3, x4, x5]);
}

/** The cells in order: two reductions, then three times N normal cells with a reduction between. */
function cellsOf({ cells, filters }: Size): { readonly cell: Cell; readonly reduces: boolean }[] {
  const width = filters / 24;
  const stem = [4, 2].map((divisor, i) => ({ cell: { id: `stem_${i + 1}`, filters: width / divisor }, reduces: true }));
  const parts = [0, 1, 2].flatMap((part) => {
    const filters = width * 2 ** part;
    const normal = Array.from({ length: cells }, (_, i) => {
      const id = String(part * cells + i + (part > 0 ? 1 : 0));
      return { cell: { id, filters }, reduces: false };
    });
    return part === 0 ? normal : [{ cell: { id: `reduce_${part * cells}`, filters }, reduces: true }, ...normal];
  });
  return [...stem, ...parts];
}

function features(image: Tensor, size: Size): Tensor {
  const { filters, stemFilters } = size;
  const stem = Conv2D({
    filters: stemFilters,
    kernelSize: 3,
    strides: 2,
    useBias: false,
    kernelInitializer: "he_normal",
    name: "stem_conv1",
  });
  let x = normalized(stem(image), "stem_bn1");
  let before: Tensor | null = null;
  for (const { cell, reduces } of cellsOf(size)) {
    const y = (reduces ? reductionCell : normalCell)(x, before, cell);
    // Reductions of the stem are never skipped.
    if (!(size.skipsReduction && reduces && cell.filters > filters / 24)) before = x;
    x = y;
  }
  return relu(x);
}

function nasnet(className: string, size: Size): Architecture<object, Tensor> {
  return {
    className,
    modelName: `nasnet_${size.name}`,
    defaultSize: size.size,
    minSize: 32,
    openSize: "never",
    extras: {},
    checkpoint: ({ includeTop }) => ({
      file: `nasnet_${size.name}${includeTop ? "" : "_no_top"}.h5`,
      url: `https://storage.googleapis.com/tensorflow/keras-applications/nasnet/NASNet-${size.name}${includeTop ? "" : "-no-top"}.h5`,
      checksum: `md5:${size.digests[includeTop ? 0 : 1]}`,
    }),
    build: (image, settings) => classifierOrPooling(features(image, size), settings),
  };
}

/**
 * NASNet-A (4 @ 1056): 5,326,716 parameters. Zoph, Vasudevan, Shlens, Le, "Learning Transferable Architectures for Scalable
 * Image Recognition", 2018, figure 4. Images: from -1 to 1 ("tf").
 */
export const NASNetMobile: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ nasnet("NASNetMobile", {
    name: "mobile",
    size: 224,
    cells: 4,
    filters: 1056,
    stemFilters: 32,
    skipsReduction: false,
    digests: ["020fb642bf7360b370c678b08e0adf61", "1ed92395b5b598bdda52abe5c0dbfd63"],
  }),
);

/** NASNet-A (6 @ 4032): 88,949,818 parameters; see {@link NASNetMobile}. */
export const NASNetLarge: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ nasnet("NASNetLarge", {
    name: "large",
    size: 331,
    cells: 6,
    filters: 4032,
    stemFilters: 96,
    skipsReduction: true,
    digests: ["11577c9a518f0070763c2b964a382f17", "d81d89dc07e6e56530c4e77faddd61b5"],
  }),
);
