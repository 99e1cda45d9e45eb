/** Products of tensors and convolutions in ONNX's operators. */
import { isFloat, widened } from "../../../dtype/index.ts";
import { ValueError } from "../../../errors.ts";
import type { ConvDimensions } from "../../../primitives/conv-geometry.ts";
import { fixed } from "./aligned-graph.ts";
import { type Extent, isStatic, sameExtent } from "./extents.ts";
import type { GraphWriter, Value } from "./graph-writer.ts";
import { combine, pad, reverse, slice } from "./movement.ts";
import type { Rule } from "./rule.ts";

const letters = "abcdefghijklmnopqrstuvwxyz";

function isRange(list: readonly number[], from: number): boolean {
  return list.every((axis, i) => axis === from + i);
}

/** MatMul where the axes stand as it wants them (weights are transposed while exporting), else Einsum. */
const dotGeneral: Rule = ({ node, inputs, writer, types }) => {
  const [lhsBatch, rhsBatch, lhsContract, rhsContract] = ["lhsBatch", "rhsBatch", "lhsContract", "rhsContract"].map((key) =>
    fixed<number[]>(node, key),
  );
  const dtype = inputs[0]!.dtype;
  const computed = widened(dtype);
  const [lhs, rhs] = inputs.map((input) => writer.cast(writer.full(input), computed));
  const [leftRank, rightRank] = [lhs!.shape.length, rhs!.shape.length];
  const result = { shape: types[0]!.shape, dtype: computed };
  const lhsFree = range(leftRank).filter((axis) => !lhsBatch!.includes(axis) && !lhsContract!.includes(axis));
  const rhsFree = range(rightRank).filter((axis) => !rhsBatch!.includes(axis) && !rhsContract!.includes(axis));
  const batch = lhsBatch!.length;
  const done = (name: string): readonly Value[] => [writer.cast(writer.named(name, result), types[0]!.dtype)];
  if (lhsContract!.length === 1) {
    const leftOrder = [...lhsBatch!, ...lhsFree, ...lhsContract!];
    const rightOrder = [...rhsBatch!, ...rhsContract!, ...rhsFree];
    const leftMoves = !isRange(leftOrder, 0);
    const free = batch === 0 ? lhsFree.length >= 1 && rhsFree.length === 1 : lhsFree.length === 1 && rhsFree.length === 1;
    // A transposed operand is worth a Transpose where it is a weight or its two last axes change places.
    if (free && (!leftMoves || lhs!.known !== undefined || batch > 0))
      return done(writer.node("MatMul", [writer.transpose(lhs!, leftOrder).name, writer.transpose(rhs!, rightOrder).name]));
  }
  const left: string[] = [];
  const right: string[] = [];
  let next = 0;
  lhsBatch!.forEach((axis, i) => (left[axis] = right[rhsBatch![i]!] = letters[next++]!));
  lhsContract!.forEach((axis, i) => (left[axis] = right[rhsContract![i]!] = letters[next++]!));
  for (const axis of lhsFree) left[axis] = letters[next++]!;
  for (const axis of rhsFree) right[axis] = letters[next++]!;
  const out = [...lhsBatch!.map((axis) => left[axis]!), ...lhsFree.map((axis) => left[axis]!), ...rhsFree.map((axis) => right[axis]!)];
  return done(writer.node("Einsum", [lhs!.name, rhs!.name], { equation: `${left.join("")},${right.join("")}->${out.join("")}` }));
};

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Where a value stands in the image layouts; what ONNX wants is batch, features, space. */
const convGeneral: Rule = ({ node, inputs, writer, types }) => {
  const dimensions = Object.fromEntries(
    [
      "strides",
      "lhsDilation",
      "rhsDilation",
      "featureGroups",
      "batchGroups",
      "reverse",
      "lhsLayout",
      "rhsLayout",
      "outLayout",
      "padding",
    ].map((key) => [key, fixed(node, key)]),
  ) as ConvDimensions;
  const { lhsLayout, rhsLayout, outLayout, batchGroups } = dimensions;
  // The runtime convolves float32 only.
  const lhs = writer.cast(writer.full(inputs[0]!), "float32");
  const rhs = writer.cast(writer.full(inputs[1]!), "float32");
  const image = writer.transpose(lhs, [lhsLayout.batch, lhsLayout.feature, ...lhsLayout.spatial]);
  const kernel = writer.transpose(rhs, [rhsLayout.output, rhsLayout.input, ...rhsLayout.spatial]);
  const outShape = [outLayout.batch, outLayout.feature, ...outLayout.spatial].map((axis) => types[0]!.shape[axis]!);
  const convolved =
    batchGroups === 1
      ? convolve(writer, node.scope, image, kernel, dimensions, outShape)
      : inBatchGroups(writer, node.scope, image, kernel, dimensions, outShape);
  const back = new Array<number>(outShape.length);
  [outLayout.batch, outLayout.feature, ...outLayout.spatial].forEach((axis, i) => (back[axis] = i));
  const result = writer.transpose(convolved, back);
  const { dtype } = types[0]!;
  if (isFloat(dtype)) return [writer.cast(result, dtype)];
  return [writer.cast(writer.value("Round", [result.name], result), dtype)];
};

/** Each group of the batch meets its own kernels; the results stand side by side among the features. */
function inBatchGroups(
  writer: GraphWriter,
  scope: string,
  image: Value,
  kernel: Value,
  dimensions: ConvDimensions,
  outShape: readonly Extent[],
): Value {
  const groups = dimensions.batchGroups;
  const part = (value: Value, axis: number, i: number): Value => {
    const size = combine((extent) => extent / groups, value.shape[axis]!);
    const starts = value.shape.map((extent, k) => combine((e, s) => (k === axis ? i * s : 0 * e), extent, size));
    const limits = value.shape.map((extent, k) => (k === axis ? combine((s) => (i + 1) * s, size) : extent));
    return slice(
      writer,
      value,
      starts,
      limits,
      value.shape.map(() => 1),
    );
  };
  const shape = outShape.map((extent, i) => (i === 1 ? combine((e) => e / groups, extent) : extent));
  const parts = range(groups).map((i) => convolve(writer, scope, part(image, 0, i), part(kernel, 0, i), dimensions, shape));
  return writer.value(
    "Concat",
    parts.map(({ name }) => name),
    { shape: outShape, dtype: image.dtype },
    { axis: 1 },
  );
}

/** image [batch, features, space...], kernel [out, in, space...]. */
function convolve(
  writer: GraphWriter,
  scope: string,
  image: Value,
  kernel: Value,
  dimensions: ConvDimensions,
  outShape: readonly Extent[],
): Value {
  if (image.shape.length === 2) {
    // ONNX convolves over at least one axis.
    const open = (value: Value): Value => writer.reshape(value, [...value.shape, writer.fixed(1)]);
    const line = { ...dimensions, strides: [1], padding: [[0, 0] as const], lhsDilation: [1], rhsDilation: [1], reverse: [false] };
    return writer.reshape(convolve(writer, scope, open(image), open(kernel), line, [...outShape, writer.fixed(1)]), outShape);
  }
  const { strides, padding, lhsDilation, rhsDilation, featureGroups } = dimensions;
  const window = kernel.shape.slice(2).map((extent) => {
    if (isStatic(extent)) return extent[0]!;
    throw new ValueError({
      where: scope,
      problem: "the extent of a kernel depends on the unknown extents of the inputs",
      advice: "fix the extents of the inputs with inputShapes",
    });
  });
  const type = { shape: outShape, dtype: image.dtype };
  const reversed = range(window.length).filter((i) => dimensions.reverse[i]);
  if (lhsDilation.some((dilation) => dilation > 1)) {
    const transposed = convolveTransposed(writer, image, kernel, dimensions, window, type);
    if (transposed !== null) return transposed;
  }
  const flipped = reverse(
    writer,
    kernel,
    reversed.map((i) => i + 2),
  );
  const zero = writer.scalar(0, image.dtype);
  const none = (): Extent[] => image.shape.map(() => writer.fixed(0));
  let spread = image;
  if (lhsDilation.some((dilation) => dilation > 1))
    spread = pad(writer, image, zero, none(), none(), [0, 0, ...lhsDilation.map((dilation) => dilation - 1)]);
  let pads = padding;
  if (padding.flat().some((count) => count < 0)) {
    const side = (which: 0 | 1): Extent[] => [writer.fixed(0), writer.fixed(0), ...padding.map((pair) => writer.fixed(pair[which]))];
    spread = pad(
      writer,
      spread,
      zero,
      side(0),
      side(1),
      spread.shape.map(() => 0),
    );
    pads = padding.map(() => [0, 0]);
  }
  return writer.value("Conv", [spread.name, flipped.name], type, {
    kernel_shape: window,
    strides,
    dilations: rhsDilation,
    pads: [...pads.map(([low]) => low), ...pads.map(([, high]) => high)],
    group: featureGroups,
  });
}

/** A convolution of an image with holes as ConvTranspose, which meets the kernel the other way round; null where the padding does not allow it. */
function convolveTransposed(
  writer: GraphWriter,
  image: Value,
  kernel: Value,
  dimensions: ConvDimensions,
  window: readonly number[],
  type: Pick<Value, "shape" | "dtype">,
): Value | null {
  const { strides, padding, lhsDilation, rhsDilation, featureGroups } = dimensions;
  if (strides.some((stride) => stride !== 1)) return null;
  const reach = window.map((extent, i) => (extent - 1) * rhsDilation[i]!);
  const low = reach.map((r, i) => r - padding[i]![0]);
  const rest = reach.map((r, i) => r - padding[i]![1]);
  const extra = rest.map((r) => Math.max(0, -r));
  if (
    low.some((count) => count < 0) ||
    extra.some((count, i) => count >= Math.max(lhsDilation[i]!, rhsDilation[i]!) || count >= lhsDilation[i]!)
  )
    return null;
  // [out, in of a group, space] becomes [in, out of a group, space].
  const [outputs, inputs, ...space] = kernel.shape;
  const perGroup = combine((extent) => extent / featureGroups, outputs!);
  const grouped = writer.reshape(kernel, [writer.fixed(featureGroups), perGroup, inputs!, ...space]);
  const swapped = writer.transpose(grouped, [0, 2, 1, ...space.map((_, i) => i + 3)]);
  const laid = writer.reshape(swapped, [combine((extent) => extent * featureGroups, inputs!), perGroup, ...space]);
  const turned = reverse(
    writer,
    laid,
    range(window.length)
      .filter((i) => !dimensions.reverse[i])
      .map((i) => i + 2),
  );
  return writer.value("ConvTranspose", [image.name, turned.name], type, {
    kernel_shape: window,
    strides: lhsDilation,
    dilations: rhsDilation,
    pads: [...low, ...rest.map((r) => Math.max(0, r))],
    output_padding: extra,
    group: featureGroups,
  });
}

/** Whether two lists of extents agree. */
export function sameExtents(a: readonly Extent[], b: readonly Extent[]): boolean {
  return a.length === b.length && a.every((extent, axis) => sameExtent(extent, b[axis]!));
}

/** Rules of products and convolutions. */
export const contractionRules: Readonly<Record<string, Rule>> = { dotGeneral, convGeneral };
