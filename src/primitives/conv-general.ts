/** Convolutions of any rank, whose two gradients are convolutions again. */
import { hostArray, isFloat } from "../dtype/index.ts";
import {
  applyOne,
  type Attributes,
  type ConcreteShape,
  concreteShape,
  type Contraction,
  type ContractIndex,
  type ContractRole,
  type GradientContext,
  type NdArray,
  type Primitive,
  type Sample,
  sizeOf,
  stridesOf,
  type Tensor,
  type TensorType,
} from "../graph/index.ts";
import { affine } from "./affine-index.ts";
import {
  channelsLast,
  type ConvDimensions,
  convShape,
  dilated,
  inputGradientPadding,
  kernelGradientPadding,
  type KernelLayout,
} from "./conv-geometry.ts";
import { definePrimitive, expectDType, expectSameDType } from "./define.ts";
import { filled } from "./filled.ts";
import { reshape } from "./reshape.ts";
import { reverse } from "./reverse.ts";
import { transpose } from "./transpose.ts";

const NAME = "convGeneral";

function infer([lhs, rhs]: readonly TensorType[], attributes: Attributes): TensorType[] {
  expectSameDType(NAME, [lhs!, rhs!]);
  expectDType(NAME, lhs!, "number", "an operand");
  return [{ dtype: lhs!.dtype, shape: convShape(NAME, lhs!, rhs!, attributes as ConvDimensions) }];
}

function reference([lhs, rhs]: readonly NdArray[], attributes: Attributes, [type]: readonly TensorType[]): NdArray[] {
  const dimensions = attributes as ConvDimensions;
  const { lhsLayout, rhsLayout, outLayout, featureGroups, batchGroups } = dimensions;
  const lhsStrides = stridesOf(lhs!.shape);
  const rhsStrides = stridesOf(rhs!.shape);
  const outStrides = stridesOf(type!.shape);
  const data = hostArray(type!.dtype, sizeOf(type!.shape));
  const exact = isFloat(type!.dtype);
  const batch = type!.shape[outLayout.batch]!;
  const outputs = type!.shape[outLayout.feature]!;
  const inputs = rhs!.shape[rhsLayout.input]!;
  const outputsPerGroup = outputs / (featureGroups * batchGroups);
  const rank = outLayout.spatial.length;
  // Per output place: the pairs (element of the image, element of the kernel) that meet there, for batch 0 and feature 0.
  const pairs: [number, number][] = [];
  const collect = (axis: number, place: readonly number[], lhsAt: number, rhsAt: number): void => {
    if (axis === rank) {
      pairs.push([lhsAt, rhsAt]);
      return;
    }
    const extent = lhs!.shape[lhsLayout.spatial[axis]!]!;
    const window = rhs!.shape[rhsLayout.spatial[axis]!]!;
    const dilation = dimensions.lhsDilation[axis]!;
    for (let w = 0; w < window; w++) {
      const at = place[axis]! * dimensions.strides[axis]! + w * dimensions.rhsDilation[axis]! - dimensions.padding[axis]![0];
      if (at % dilation !== 0 || at < 0 || at / dilation >= extent) continue;
      const kernel = dimensions.reverse[axis]! ? window - 1 - w : w;
      collect(
        axis + 1,
        place,
        lhsAt + (at / dilation) * lhsStrides[lhsLayout.spatial[axis]!]!,
        rhsAt + kernel * rhsStrides[rhsLayout.spatial[axis]!]!,
      );
    }
  };
  const visit = (axis: number, place: number[], outAt: number): void => {
    if (axis < rank) {
      for (let i = 0; i < type!.shape[outLayout.spatial[axis]!]!; i++)
        visit(axis + 1, [...place, i], outAt + i * outStrides[outLayout.spatial[axis]!]!);
      return;
    }
    pairs.length = 0;
    collect(0, place, 0, 0);
    for (let n = 0; n < batch; n++) {
      for (let o = 0; o < outputs; o++) {
        const group = Math.floor(o / outputsPerGroup);
        const image = batchGroups > 1 ? group * batch + n : n;
        const feature = featureGroups > 1 ? group * inputs : 0;
        let sum = 0;
        for (const [lhsAt, rhsAt] of pairs) {
          const x0 = lhsAt + image * lhsStrides[lhsLayout.batch]! + feature * lhsStrides[lhsLayout.feature]!;
          const w0 = rhsAt + o * rhsStrides[rhsLayout.output]!;
          for (let i = 0; i < inputs; i++) {
            const x = lhs!.data[x0 + i * lhsStrides[lhsLayout.feature]!]!;
            const w = rhs!.data[w0 + i * rhsStrides[rhsLayout.input]!]!;
            // Integers wrap.
            sum = exact ? sum + x * w : (sum + Math.imul(x, w)) | 0;
          }
        }
        data[outAt + n * outStrides[outLayout.batch]! + o * outStrides[outLayout.feature]!] = sum;
      }
    }
  };
  visit(0, [], 0);
  return [{ shape: type!.shape, dtype: type!.dtype, data }];
}

/**
 * The contraction of a convolution. Axes: the groups if any (batch), then batch and output places (m) and output
 * features (n) in the order of the output's axes, then window places and input features (k) in the order of the
 * kernel's axes, so that the kernel is walked as it lies in memory. A spatial index has a divisor only where the left
 * operand is dilated, a guard only where it can leave the operand.
 */
function contraction([lhs, rhs]: readonly TensorType[], output: TensorType, dimensions: ConvDimensions): Contraction {
  const { lhsLayout, rhsLayout, outLayout, featureGroups, batchGroups } = dimensions;
  const groups = featureGroups * batchGroups;
  const rank = output.shape.length;
  const axes: { extent: number; role: ContractRole; name: string }[] = [];
  const push = (extent: number, role: ContractRole, name: string): number => axes.push({ extent, role, name }) - 1;
  const group = groups > 1 ? push(groups, "batch", "group") : -1;
  const at = { batch: -1, output: -1, input: -1 };
  const place = new Array<number>(outLayout.spatial.length);
  const window = new Array<number>(outLayout.spatial.length);
  const out: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const spatial = outLayout.spatial.indexOf(axis);
    if (axis === outLayout.feature) continue;
    if (axis === outLayout.batch) at.batch = push(output.shape[axis]!, "m", "image");
    else place[spatial] = push(output.shape[axis]!, "m", `out${spatial}`);
  }
  at.output = push(output.shape[outLayout.feature]! / groups, "n", "output");
  for (let axis = 0; axis < rank; axis++) {
    const spatial = rhsLayout.spatial.indexOf(axis);
    if (axis === rhsLayout.output) continue;
    if (axis === rhsLayout.input) at.input = push(rhs!.shape[axis]!, "k", "input");
    else window[spatial] = push(rhs!.shape[axis]!, "k", `window${spatial}`);
  }
  for (let axis = 0; axis < rank; axis++) {
    if (axis === outLayout.feature) out.push(...(groups > 1 ? [group] : []), at.output);
    else out.push(axis === outLayout.batch ? at.batch : place[outLayout.spatial.indexOf(axis)]!);
  }
  const index = (terms: readonly (readonly [number, number])[], constant = 0): ContractIndex => affine(axes.length, terms, constant);
  const lhsIndex = new Array<ContractIndex>(rank);
  lhsIndex[lhsLayout.batch] = index(
    batchGroups > 1
      ? [
          [group, output.shape[outLayout.batch]!],
          [at.batch, 1],
        ]
      : [[at.batch, 1]],
  );
  lhsIndex[lhsLayout.feature] = index(
    featureGroups > 1
      ? [
          [group, rhs!.shape[rhsLayout.input]!],
          [at.input, 1],
        ]
      : [[at.input, 1]],
  );
  const rhsIndex = new Array<ContractIndex>(rank);
  rhsIndex[rhsLayout.input] = index([[at.input, 1]]);
  rhsIndex[rhsLayout.output] = index(
    groups > 1
      ? [
          [group, output.shape[outLayout.feature]! / groups],
          [at.output, 1],
        ]
      : [[at.output, 1]],
  );
  for (let i = 0; i < place.length; i++) {
    const stride = dimensions.strides[i]!;
    const dilation = dimensions.rhsDilation[i]!;
    const divisor = dimensions.lhsDilation[i]!;
    const low = dimensions.padding[i]![0];
    const places = output.shape[outLayout.spatial[i]!]!;
    const windows = rhs!.shape[rhsLayout.spatial[i]!]!;
    const last = (places - 1) * stride + (windows - 1) * dilation - low;
    const guarded = low > 0 || last > dilated(lhs!.shape[lhsLayout.spatial[i]!]!, divisor) - 1;
    lhsIndex[lhsLayout.spatial[i]!] = {
      ...index(
        [
          [place[i]!, stride],
          [window[i]!, dilation],
        ],
        -low,
      ),
      ...(divisor > 1 ? { divisor } : {}),
      ...(guarded ? { guarded } : {}),
    };
    rhsIndex[rhsLayout.spatial[i]!] = dimensions.reverse[i]! ? index([[window[i]!, -1]], windows - 1) : index([[window[i]!, 1]]);
  }
  return { axes, lhs: lhsIndex, rhs: rhsIndex, out };
}

/** Reshape of `x` in which axis `axis` becomes (`groups`, rest). */
function splitAxis(x: Tensor, axis: number, groups: number): Tensor {
  const shape = concreteShape(x);
  return reshape(x, [...shape.slice(0, axis), groups, shape[axis]! / groups, ...shape.slice(axis + 1)]);
}

/** `x` with axis `from` moved so that it stands just before axis `to` (numbered before the move), and merged into it. */
function mergeBefore(x: Tensor, from: number, to: number): Tensor {
  const rest = Array.from({ length: x.rank }, (_, i) => i).filter((i) => i !== from);
  const position = rest.indexOf(to);
  const order = [...rest.slice(0, position), from, ...rest.slice(position)];
  const moved = order.every((axis, i) => axis === i) ? x : transpose(x, order);
  const shape = concreteShape(moved);
  return reshape(moved, [...shape.slice(0, position), shape[position]! * shape[position + 1]!, ...shape.slice(position + 2)]);
}

/**
 * The kernel for the way back through a grouped convolution: input features (per group) become output features.
 * [.., in, groups * out] -> [.., groups * in, out], still at the same axes. Costs nothing where `in` is 1 (depthwise).
 */
function swapGroups(kernel: Tensor, layout: KernelLayout, groups: number): { kernel: Tensor; layout: KernelLayout } {
  if (groups === 1) return { kernel, layout: { ...layout, input: layout.output, output: layout.input } };
  const shape = concreteShape(kernel);
  if (shape[layout.input] === 1) {
    // Without its axis of extent 1, the kernel has (group, output) where `output` stood.
    const split = [...shape.slice(0, layout.output), groups, shape[layout.output]! / groups, ...shape.slice(layout.output + 1)];
    const gone = layout.input < layout.output ? layout.input : layout.input + 1;
    split.splice(gone, 1);
    const group = layout.input < layout.output ? layout.output - 1 : layout.output;
    const input = group + 1;
    const others = Array.from({ length: shape.length }, (_, i) => i).filter((i) => i !== group && i !== input);
    // The other axes keep their order.
    const before = Array.from({ length: shape.length }, (_, i) => i).filter((i) => i !== layout.input && i !== layout.output);
    const spatial = layout.spatial.map((axis) => others[before.indexOf(axis)]!);
    return { kernel: reshape(kernel, split), layout: { input, output: group, spatial } };
  }
  const split = splitAxis(kernel, layout.output, groups);
  const input = layout.input < layout.output ? layout.input : layout.input + 1;
  return {
    kernel: mergeBefore(split, layout.output, input),
    layout: { ...layout, input: layout.output, output: layout.input },
  };
}

function inputGradient(lhsShape: ConcreteShape, rhs: Tensor, cotangent: Tensor, dimensions: ConvDimensions): Tensor {
  const { lhsLayout, rhsLayout, outLayout, featureGroups, batchGroups } = dimensions;
  const groups = featureGroups * batchGroups;
  const rhsShape = concreteShape(rhs);
  const outShape = concreteShape(cotangent);
  const { kernel, layout } = swapGroups(rhs, rhsLayout, groups);
  const result = convGeneral(cotangent, kernel, {
    strides: dimensions.lhsDilation,
    padding: lhsLayout.spatial.map((axis, i) =>
      inputGradientPadding(dimensions, i, lhsShape[axis]!, rhsShape[rhsLayout.spatial[i]!]!, outShape[outLayout.spatial[i]!]!),
    ),
    lhsDilation: dimensions.strides,
    rhsDilation: dimensions.rhsDilation,
    featureGroups: groups,
    batchGroups: 1,
    reverse: dimensions.reverse.map((flipped) => !flipped),
    lhsLayout: outLayout,
    rhsLayout: layout,
    outLayout: lhsLayout,
  });
  if (batchGroups === 1) return result;
  // Features came out as (group, feature): the group belongs to the batch.
  const split = splitAxis(result, lhsLayout.feature, groups);
  const batch = lhsLayout.batch < lhsLayout.feature ? lhsLayout.batch : lhsLayout.batch + 1;
  return mergeBefore(split, lhsLayout.feature, batch);
}

function kernelGradient(lhs: Tensor, rhsShape: ConcreteShape, cotangent: Tensor, dimensions: ConvDimensions): Tensor {
  const { lhsLayout, rhsLayout, outLayout, featureGroups, batchGroups } = dimensions;
  const lhsShape = concreteShape(lhs);
  const outShape = concreteShape(cotangent);
  const result = convGeneral(lhs, cotangent, {
    strides: dimensions.rhsDilation,
    padding: lhsLayout.spatial.map((axis, i) =>
      kernelGradientPadding(dimensions, i, lhsShape[axis]!, rhsShape[rhsLayout.spatial[i]!]!, outShape[outLayout.spatial[i]!]!),
    ),
    lhsDilation: dimensions.lhsDilation,
    rhsDilation: dimensions.strides,
    featureGroups: batchGroups,
    batchGroups: featureGroups,
    reverse: dimensions.reverse.map(() => false),
    lhsLayout: { batch: lhsLayout.feature, feature: lhsLayout.batch, spatial: lhsLayout.spatial },
    rhsLayout: { input: outLayout.batch, output: outLayout.feature, spatial: outLayout.spatial },
    outLayout: { batch: rhsLayout.input, feature: rhsLayout.output, spatial: rhsLayout.spatial },
  });
  const flipped = rhsLayout.spatial.filter((_, i) => dimensions.reverse[i]!);
  return flipped.length === 0 ? result : reverse(result, flipped);
}

function gradient({ inputs, attributes, cotangents, needed }: GradientContext): (Tensor | null)[] {
  const [lhs, rhs] = inputs;
  const dimensions = attributes as ConvDimensions;
  return [
    needed[0]! ? inputGradient(concreteShape(lhs!), rhs!, cotangents[0]!, dimensions) : null,
    needed[1]! ? kernelGradient(lhs!, concreteShape(rhs!), cotangents[0]!, dimensions) : null,
  ];
}

function samples(): Sample[] {
  const plain = (spatialRank: number, options: Partial<ConvDimensions> = {}): ConvDimensions => withDefaults(spatialRank, options);
  return [
    { inputs: [filled([2, 5, 4, 3], 1), filled([3, 2, 3, 4], 2)], attributes: plain(2) },
    {
      inputs: [filled([1, 5, 6, 2], 1), filled([3, 3, 2, 2], 2)],
      attributes: plain(2, {
        strides: [2, 3],
        padding: [
          [1, 1],
          [2, 0],
        ],
      }),
    },
    { inputs: [filled([2, 7, 2], 3), filled([3, 2, 3], 4)], attributes: plain(1, { padding: [[2, 0]], rhsDilation: [2] }) },
    {
      inputs: [filled([2, 4, 2], 3), filled([3, 2, 3], 4)],
      attributes: plain(1, { padding: [[2, 1]], lhsDilation: [2], reverse: [true] }),
    },
    { inputs: [filled([2, 4, 4, 3], 5), filled([2, 2, 1, 6], 6)], attributes: plain(2, { featureGroups: 3 }) },
    {
      inputs: [filled([2, 4, 4, 4], 5), filled([2, 2, 2, 6], 6)],
      attributes: plain(2, {
        featureGroups: 2,
        strides: [2, 1],
        padding: [
          [0, 1],
          [1, 1],
        ],
      }),
    },
    { inputs: [filled([4, 5, 3], 7), filled([2, 3, 4], 8)], attributes: plain(1, { batchGroups: 2 }) },
    {
      inputs: [filled([2, 3, 4, 4], 9), filled([5, 3, 2, 2], 10)],
      attributes: plain(2, {
        lhsLayout: { batch: 0, feature: 1, spatial: [2, 3] },
        rhsLayout: { output: 0, input: 1, spatial: [2, 3] },
        outLayout: { batch: 0, feature: 1, spatial: [2, 3] },
      }),
    },
    {
      inputs: [filled([1, 3, 4, 3, 2], 11), filled([2, 2, 2, 2, 2], 12)],
      attributes: plain(3, {
        padding: [
          [0, 0],
          [1, 0],
          [-1, 1],
        ],
      }),
    },
    { inputs: [filled([3, 2], 13), filled([2, 4], 14)], attributes: plain(0) },
  ];
}

/** Convolution (StableHLO `convolution`). */
export const convGeneralPrimitive: Primitive = definePrimitive({
  name: NAME,
  infer,
  gradient,
  reference,
  lowering: { kind: "contract", contraction: (inputs, output, attributes) => contraction(inputs, output, attributes as ConvDimensions) },
  samples,
});

function withDefaults(spatialRank: number, options: Partial<ConvDimensions>): ConvDimensions {
  const ones = new Array<number>(spatialRank).fill(1);
  return {
    strides: options.strides ?? ones,
    padding: options.padding ?? ones.map(() => [0, 0] as const),
    lhsDilation: options.lhsDilation ?? ones,
    rhsDilation: options.rhsDilation ?? ones,
    featureGroups: options.featureGroups ?? 1,
    batchGroups: options.batchGroups ?? 1,
    reverse: options.reverse ?? ones.map(() => false),
    lhsLayout: options.lhsLayout ?? channelsLast(spatialRank).lhsLayout,
    rhsLayout: options.rhsLayout ?? channelsLast(spatialRank).rhsLayout,
    outLayout: options.outLayout ?? channelsLast(spatialRank).outLayout,
  };
}

/**
 * Convolution (in deep learning's sense: the kernel is not flipped unless `reverse`), any number of spatial axes:
 * `out[n, o, f] = sum over w, c of lhs[n, (o * strides + w * rhsDilation - padding[0]) / lhsDilation, c] * rhs[w, c, f]`,
 * where places outside or between dilated elements read zero. With `featureGroups` g, feature f of group j sees the
 * input features of group j; with `batchGroups`, the images of group j. Options that are left out are 1 / none /
 * channels last.
 *
 * Shapes: lhs [batch, spatial..., in], rhs [window..., in / featureGroups, out] -> [batch / batchGroups, places..., out].
 * Throws ShapeError, DTypeError or ValueError where operands and options do not fit.
 * Source: StableHLO specification, convolution; gradients as in Dumoulin and Visin, A guide to convolution arithmetic.
 */
export function convGeneral(lhs: Tensor, rhs: Tensor, options: Partial<ConvDimensions> = {}): Tensor {
  return applyOne(convGeneralPrimitive, [lhs, rhs], withDefaults(Math.max(0, lhs.rank - 2), options));
}
