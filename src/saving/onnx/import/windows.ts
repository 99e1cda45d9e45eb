/** ONNX's convolutions and pooling. */
import { dataTensor, type Tensor } from "../../../graph/index.ts";
import * as P from "../../../primitives/index.ts";
import { like, type NodeContext, type Operator, shapeOf, spreadTo } from "./operator.ts";

type Pair = [number, number];

interface Window {
  readonly extents: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: readonly Pair[];
}

function oneEach(rank: number): number[] {
  return new Array<number>(rank).fill(1);
}

/** Window, strides, dilations and padding over `input` extents, also where the padding follows from "same". */
function windowOf(context: NodeContext, extents: readonly number[], input: readonly number[]): Window {
  const rank = input.length;
  const strides = context.ints("strides") ?? oneEach(rank);
  const dilations = context.ints("dilations") ?? oneEach(rank);
  const pads = context.ints("pads") ?? new Array<number>(2 * rank).fill(0);
  const automatic = context.text("auto_pad", "NOTSET");
  for (const [name, list, length] of [
    ["strides", strides, rank],
    ["dilations", dilations, rank],
    ["pads", pads, 2 * rank],
    ["kernel_shape", extents, rank],
  ] as const) {
    if (list.length !== length || !list.every((value) => Number.isInteger(value) && (name === "pads" || value > 0)))
      throw context.error(`the attribute ${name} does not fit ${rank} axes`, `${length} whole numbers`, list.join(", "));
  }
  const padding = input.map((extent, axis): Pair => {
    if (automatic === "VALID") return [0, 0];
    if (automatic === "NOTSET" || automatic === "") return [pads[axis]!, pads[axis + rank]!];
    const reach = (extents[axis]! - 1) * dilations[axis]! + 1;
    const total = Math.max(0, (Math.ceil(extent / strides[axis]!) - 1) * strides[axis]! + reach - extent);
    const small = Math.floor(total / 2);
    return automatic === "SAME_LOWER" ? [total - small, small] : [small, total - small];
  });
  return { extents, strides, dilations, padding };
}

const axesFrom = (start: number, count: number): number[] => Array.from({ length: count }, (_, i) => start + i);

function layouts(spatial: number): Pick<P.ConvDimensions, "lhsLayout" | "outLayout"> {
  const image = { batch: 0, feature: 1, spatial: axesFrom(2, spatial) };
  return { lhsLayout: image, outLayout: image };
}

function withBias(x: Tensor, bias: Tensor | null): Tensor {
  return bias === null ? x : P.add(x, P.broadcastInDim(bias, shapeOf(x), [1]));
}

function conv(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const kernel = context.input(1);
  const spatial = x.rank - 2;
  if (spatial < 1 || kernel.rank !== x.rank)
    throw context.error(
      "image and kernel do not fit together",
      "[batch, channels, space...] and [out, in, space...]",
      `${x.toString()} and ${kernel.toString()}`,
    );
  const { strides, dilations, padding } = windowOf(context, shapeOf(kernel).slice(2), shapeOf(x).slice(2));
  const result = P.convGeneral(x, kernel, {
    strides,
    padding,
    rhsDilation: dilations,
    featureGroups: context.int("group", 1),
    rhsLayout: { output: 0, input: 1, spatial: axesFrom(2, spatial) },
    ...layouts(spatial),
  });
  return [withBias(result, context.optional(2))];
}

function convTranspose(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const kernel = context.input(1);
  const spatial = x.rank - 2;
  const [inputs, outputs, ...space] = shapeOf(kernel) as [number, number, ...number[]];
  const group = context.int("group", 1);
  const input = shapeOf(x).slice(2);
  const { strides, dilations } = windowOf(context, space, input);
  const extra = context.ints("output_padding") ?? new Array<number>(spatial).fill(0);
  const shape = context.ints("output_shape");
  const automatic = context.text("auto_pad", "NOTSET");
  const pads = context.ints("pads") ?? new Array<number>(2 * spatial).fill(0);
  const cut = input.map((extent, axis): Pair => {
    const reach = (space[axis]! - 1) * dilations[axis]! + 1;
    const whole = strides[axis]! * (extent - 1) + extra[axis]! + reach;
    const same = automatic === "SAME_UPPER" || automatic === "SAME_LOWER";
    if (shape === null && !same) return automatic === "VALID" ? [0, 0] : [pads[axis]!, pads[axis + spatial]!];
    const total = shape === null ? Math.max(0, whole - extent * strides[axis]!) : whole - shape.slice(-spatial)[axis]!;
    const small = Math.floor(total / 2);
    return automatic === "SAME_UPPER" ? [small, total - small] : [total - small, small];
  });
  // [group in, out of a group, space] becomes [in of a group, group out, space].
  const grouped = P.reshape(kernel, [group, inputs / group, outputs, ...space]);
  const laid = P.reshape(P.transpose(grouped, [1, 0, 2, ...axesFrom(3, spatial)]), [inputs / group, group * outputs, ...space]);
  const result = P.convGeneral(x, laid, {
    strides: oneEach(spatial),
    lhsDilation: strides,
    rhsDilation: dilations,
    padding: cut.map(([low, high], axis): Pair => {
      const reach = (space[axis]! - 1) * dilations[axis]!;
      return [reach - low, reach - high + extra[axis]!];
    }),
    reverse: space.map(() => true),
    featureGroups: group,
    rhsLayout: { input: 0, output: 1, spatial: axesFrom(2, spatial) },
    ...layouts(spatial),
  });
  return [withBias(result, context.optional(2))];
}

/** How many windows there are along an axis; with ceil_mode also one that begins inside and ends outside. */
function windowsAlong(extent: number, reach: number, stride: number, [low, high]: Pair, ceil: boolean): number {
  const room = (extent + low + high - reach) / stride;
  const count = (ceil ? Math.ceil(room) : Math.floor(room)) + 1;
  return ceil && (count - 1) * stride >= extent + low ? count - 1 : count;
}

interface Pooling extends Window {
  readonly counts: readonly number[];
}

function poolingOf(context: NodeContext, x: Tensor): Pooling {
  const input = shapeOf(x).slice(2);
  const extents = context.ints("kernel_shape");
  if (extents === null) throw context.error("the attribute kernel_shape is missing");
  const window = windowOf(context, extents, input);
  const ceil = context.int("ceil_mode", 0) === 1;
  const automatic = context.text("auto_pad", "NOTSET");
  const counts = input.map((extent, axis) => {
    const reach = (extents[axis]! - 1) * window.dilations[axis]! + 1;
    if (automatic.startsWith("SAME")) return Math.ceil(extent / window.strides[axis]!);
    return windowsAlong(extent, reach, window.strides[axis]!, window.padding[axis]!, ceil);
  });
  if (counts.some((count) => count < 1))
    throw context.error("the window is larger than the padded input", undefined, `${extents.join("x")} on ${input.join("x")}`);
  return { ...window, counts };
}

/** Padding at the end that gives exactly the counted windows. */
function reachedPadding({ extents, strides, dilations, padding, counts }: Pooling, input: readonly number[]): Pair[] {
  return input.map((extent, axis) => {
    const reach = (extents[axis]! - 1) * dilations[axis]! + 1;
    const low = padding[axis]![0];
    return [low, (counts[axis]! - 1) * strides[axis]! + reach - extent - low];
  });
}

/** Elements of all windows, one slice per place in the window. */
function places(x: Tensor, fill: number, pooling: Pooling): Tensor[] {
  const padding = reachedPadding(pooling, shapeOf(x).slice(2));
  const sides = (side: 0 | 1): number[] => [0, 0, ...padding.map((pair) => pair[side])];
  const padded = P.pad(x, P.constant(fill, x.dtype), sides(0), sides(1));
  const all: Tensor[] = [];
  const visit = (place: readonly number[]): void => {
    const axis = place.length;
    if (axis < pooling.extents.length) {
      for (let at = 0; at < pooling.extents[axis]!; at++) visit([...place, at * pooling.dilations[axis]!]);
      return;
    }
    const limits = place.map((at, i) => at + (pooling.counts[i]! - 1) * pooling.strides[i]! + 1);
    all.push(P.slice(padded, [0, 0, ...place], [...shapeOf(x).slice(0, 2), ...limits], [1, 1, ...pooling.strides]));
  };
  visit([]);
  return all;
}

function geometry(pooling: Pooling, x: Tensor): { window: number[]; strides: number[]; padding: Pair[] } {
  return {
    window: [1, 1, ...pooling.extents],
    strides: [1, 1, ...pooling.strides],
    padding: [[0, 0], [0, 0], ...reachedPadding(pooling, shapeOf(x).slice(2))],
  };
}

function maxPool(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  if (context.outputs > 1) throw context.error("positions of maxima (the second output) are not given", "one output");
  const pooling = poolingOf(context, x);
  if (pooling.dilations.some((dilation) => dilation > 1))
    return [places(x, x.dtype === "uint8" ? 0 : -Infinity, pooling).reduce(P.maximum)];
  const g = geometry(pooling, x);
  return [P.windowGather(x, P.windowArgmax(x, g), g)];
}

function averagePool(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const pooling = poolingOf(context, x);
  const dilated = pooling.dilations.some((dilation) => dilation > 1);
  const sum = dilated ? places(x, 0, pooling).reduce(P.add) : P.reduceWindowSum(x, geometry(pooling, x));
  const withPadding = context.int("count_include_pad", 0) === 1;
  let counts: Tensor = like(sum, 1);
  shapeOf(x)
    .slice(2)
    .forEach((extent, axis) => {
      const [low, high] = withPadding ? pooling.padding[axis]! : [0, 0];
      const start = (o: number): number => o * pooling.strides[axis]! - pooling.padding[axis]![0];
      const inside = (at: number): boolean => at >= -low && at < extent + high;
      const along = Float32Array.from(
        { length: pooling.counts[axis]! },
        (_, o) => axesFrom(0, pooling.extents[axis]!).filter((w) => inside(start(o) + w * pooling.dilations[axis]!)).length,
      );
      counts = P.multiply(
        counts,
        P.convert(P.broadcastInDim(dataTensor(along, [along.length], "float32"), shapeOf(sum), [axis + 2]), x.dtype),
      );
    });
  return [P.divide(sum, counts)];
}

function global(reduce: (x: Tensor, axes: readonly number[]) => Tensor): Operator {
  return (context) => {
    const x = context.input(0);
    const axes = axesFrom(2, x.rank - 2);
    return [
      P.reshape(
        reduce(x, axes),
        shapeOf(x).map((extent, axis) => (axis < 2 ? extent : 1)),
      ),
    ];
  };
}

function lpPool(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const p = context.int("p", 2);
  const powers = P.power(P.abs(x), like(x, p));
  const pooling = poolingOf(context, x);
  const sum = places(powers, 0, pooling).reduce(P.add);
  return [P.power(sum, like(sum, 1 / p))];
}

/** Convolutions and pooling by name. */
export const windowOperators: Readonly<Record<string, Operator>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  AveragePool: averagePool,
  LpPool: lpPool,
  GlobalMaxPool: global(P.reduceMax),
  GlobalAveragePool: global((x, axes) => {
    const sum = P.reduceSum(x, axes);
    return P.divide(
      sum,
      like(
        sum,
        axes.reduce((product, axis) => product * shapeOf(x)[axis]!, 1),
      ),
    );
  }),
};

/** A vector along the channels, in the shape of an image. */
export function alongChannels(vector: Tensor, x: Tensor): Tensor {
  return x.rank === 1 ? spreadTo(vector, shapeOf(x)) : P.broadcastInDim(vector, shapeOf(x), [1]);
}
