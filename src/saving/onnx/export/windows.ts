/** Sliding windows in ONNX's operators: pooling where it is one, slices side by side elsewhere. */
import { dtypes, widened } from "../../../dtype/index.ts";
import { type AlignedNode, fixed, numbersOf } from "./aligned-graph.ts";
import { Elementwise } from "./elementwise.ts";
import { type Extent, isStatic } from "./extents.ts";
import type { GraphWriter, Value } from "./graph-writer.ts";
import { combine, pad, slice } from "./movement.ts";
import type { Rule } from "./rule.ts";

interface Geometry {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
}

function geometryOf(node: AlignedNode): Geometry {
  // The batch never slides: its window is 1, whatever its extent.
  return {
    window: fixed<number[]>(node, "window"),
    strides: fixed<number[]>(node, "strides"),
    padding: fixed<[number, number][]>(node, "padding"),
  };
}

function moves({ window, strides, padding }: Geometry, axis: number): boolean {
  return window[axis] !== 1 || strides[axis] !== 1 || padding[axis]!.some((count) => count !== 0);
}

/** A pooling operator over up to three axes, wherever they stand; null where pooling cannot say it. */
function pool(
  writer: GraphWriter,
  opType: "MaxPool" | "AveragePool",
  value: Value,
  geometry: Geometry,
  shape: readonly Extent[],
  attributes: Record<string, number>,
): Value | null {
  const axes = value.shape.map((_, axis) => axis);
  const sliding = axes.filter((axis) => moves(geometry, axis));
  if (sliding.length === 0) return writer.full(value);
  const { window, strides, padding } = geometry;
  if (sliding.length > 3 || sliding.some((axis) => padding[axis]!.some((count) => count < 0 || count >= window[axis]!))) return null;
  const resting = axes.filter((axis) => !sliding.includes(axis));
  const order = [...resting, ...sliding];
  const moved = writer.transpose(writer.full(value), order);
  const slidingExtents = sliding.map((axis) => moved.shape[order.indexOf(axis)]!);
  // Two axes rest in ONNX's pooling: batch and features.
  const flat =
    resting.length === 2
      ? moved
      : writer.reshape(moved, [
          writer.fixed(1),
          product(
            writer,
            resting.map((_, i) => moved.shape[i]!),
          ),
          ...slidingExtents,
        ]);
  const outShape = order.map((axis) => shape[axis]!);
  const pooledShape = [...flat.shape.slice(0, 2), ...outShape.slice(resting.length)];
  const pooled = writer.value(
    opType,
    [flat.name],
    { shape: pooledShape, dtype: value.dtype },
    {
      kernel_shape: sliding.map((axis) => window[axis]!),
      strides: sliding.map((axis) => strides[axis]!),
      pads: [...sliding.map((axis) => padding[axis]![0]), ...sliding.map((axis) => padding[axis]![1])],
      ...attributes,
    },
  );
  const back = new Array<number>(order.length);
  order.forEach((axis, i) => (back[axis] = i));
  return writer.transpose(writer.reshape(pooled, outShape), back);
}

function product(writer: GraphWriter, extents: readonly Extent[]): Extent {
  return extents.reduce((all, extent) => combine((a, b) => a * b, all, extent), writer.fixed(1));
}

/** The element at place `place` of every window, as a slice of the padded array. */
function places(writer: GraphWriter, value: Value, fill: number, geometry: Geometry, shape: readonly Extent[]): Value[] {
  const { window, strides, padding } = geometry;
  const low = padding.map(([count]) => writer.fixed(count));
  const high = padding.map(([, count]) => writer.fixed(count));
  const padded = pad(
    writer,
    value,
    writer.scalar(fill, value.dtype),
    low,
    high,
    window.map(() => 0),
  );
  const all: Value[] = [];
  const visit = (place: readonly number[]): void => {
    if (place.length < window.length) {
      for (let at = 0; at < window[place.length]!; at++) visit([...place, at]);
      return;
    }
    const starts = place.map((at) => writer.fixed(at));
    const limits = shape.map((extent, axis) => combine((count) => place[axis]! + (count - 1) * strides[axis]! + 1, extent));
    all.push(slice(writer, padded, starts, limits, strides));
  };
  visit([]);
  return all;
}

/** Values side by side along a new last axis. */
function stack(writer: GraphWriter, values: readonly Value[]): Value {
  const { shape, dtype } = values[0]!;
  const opened = values.map((value) => writer.node("Unsqueeze", [writer.full(value).name, writer.integers([shape.length])]));
  return writer.value("Concat", opened, { shape: [...shape, writer.fixed(values.length)], dtype }, { axis: shape.length });
}

const reduceWindowSum: Rule = ({ node, inputs: [x], writer, types }) => {
  const geometry = geometryOf(node);
  const { shape, dtype } = types[0]!;
  const count = geometry.window.reduce((all, extent) => all * extent, 1);
  if (dtype === "float32") {
    const mean = pool(writer, "AveragePool", x!, geometry, shape, { count_include_pad: 1 });
    if (mean !== null) {
      if (count === 1) return [mean];
      return [{ ...new Elementwise(writer).op("Mul", [mean, writer.scalar(count, "float32")]), shape }];
    }
  }
  const wide = writer.cast(x!, widened(dtype));
  const e = new Elementwise(writer);
  const sum = places(writer, wide, 0, geometry, shape).reduce((total, place) => e.op("Add", [total, place]));
  return [writer.cast({ ...sum, shape }, dtype)];
};

const windowArgmax: Rule = ({ node, inputs: [x], writer, types }) => {
  const geometry = geometryOf(node);
  const { shape } = types[0]!;
  const stacked = stack(writer, places(writer, x!, dtypes[x!.dtype].range[0], geometry, shape));
  const found = writer.node("ArgMax", [stacked.name], { axis: shape.length, keepdims: 0 });
  return [writer.named(writer.node("Cast", [found], { to: 6 }), { shape, dtype: "int32" })];
};

const windowGather: Rule = ({ node, inputs, writer, types, producerOf }) => {
  const [x, positions] = inputs;
  const geometry = geometryOf(node);
  const { shape, dtype } = types[0]!;
  const producer = producerOf(positions!);
  // The element where the maximum stands is the maximum.
  if (
    producer?.node.name === "windowArgmax" &&
    producer.inputs[0]!.name === x!.name &&
    JSON.stringify(geometryOf(producer.node)) === JSON.stringify(geometry)
  ) {
    const float = dtype === "int32" || dtype === "bool" ? "float64" : dtype;
    const maximum = pool(writer, "MaxPool", writer.cast(x!, float), geometry, shape, {});
    if (maximum !== null) return [writer.cast(maximum, dtype)];
  }
  const stacked = stack(writer, places(writer, x!, 0, geometry, shape));
  const at = writer.node("Unsqueeze", [writer.full(positions!).name, writer.integers([shape.length])]);
  const gathered = writer.node("GatherElements", [stacked.name, at], { axis: shape.length });
  return [writer.value("Squeeze", [gathered, writer.integers([shape.length])], { shape, dtype })];
};

const windowScatter: Rule = ({ node, inputs: [values, positions], writer, types }) => {
  const { window, strides, padding } = geometryOf(node);
  const { shape, dtype } = types[0]!;
  const e = new Elementwise(writer);
  const zero = writer.scalar(0, dtype);
  const windows = values!.shape;
  let total: Value | null = null;
  let index = 0;
  const visit = (place: readonly number[]): void => {
    if (place.length < window.length) {
      for (let at = 0; at < window[place.length]!; at++) visit([...place, at]);
      return;
    }
    const here = e.op("Equal", [positions!, writer.scalar(index++, "int32")], "bool");
    const chosen = { ...e.where(here, values!, zero), shape: windows };
    // The value of window o goes to o * stride + place - padding.
    const low = place.map((at, axis) => writer.fixed(at - padding[axis]![0]));
    const high = shape.map((extent, axis) =>
      combine((n, count) => n - ((count - 1) * strides[axis]! + 1 + low[axis]![0]!), extent, windows[axis]!),
    );
    const spread = pad(
      writer,
      chosen,
      zero,
      low,
      high,
      strides.map((stride) => stride - 1),
    );
    total = total === null ? spread : e.op("Add", [total, spread]);
  };
  visit([]);
  return [{ ...(total ?? writer.full({ ...zero, shape, stored: shape.map(() => writer.fixed(1)) })), shape }];
};

/** Whether the axes along which windows slide have known extents. */
export function slidesOverKnown(node: AlignedNode, value: Value): boolean {
  const window = numbersOf(node, "window");
  return window.every((extent, axis) => extent[0] === 1 || isStatic(value.shape[axis]!));
}

/** Rules of windows. */
export const windowRules: Readonly<Record<string, Rule>> = { reduceWindowSum, windowArgmax, windowGather, windowScatter };
