/** Elements selected by index, and written by index, in ONNX's operators. */
import { widened } from "../../../dtype/index.ts";
import { fixed, numbersOf } from "./aligned-graph.ts";
import { Elementwise } from "./elementwise.ts";
import type { Extent } from "./extents.ts";
import type { GraphWriter, Value } from "./graph-writer.ts";
import { combine } from "./movement.ts";
import type { Rule, RuleContext } from "./rule.ts";

/** An int32 number made from an extent. */
function number(writer: GraphWriter, extent: Extent): Value {
  const scalar = writer.node("Squeeze", [writer.extent(extent)]);
  return writer.named(writer.node("Cast", [scalar], { to: 6 }), { shape: [], dtype: "int32" });
}

/** Indices moved into [0, extent) where the mode says so; ONNX refuses those outside otherwise. */
function indices({ node, writer }: RuleContext, value: Value, extent: Extent): Value {
  if (fixed<string>(node, "mode") !== "clamp") return value;
  const e = new Elementwise(writer);
  return e.op("Max", [
    e.op("Min", [
      value,
      number(
        writer,
        combine((n) => n - 1, extent),
      ),
    ]),
    e.number(0, "int32"),
  ]);
}

const take: Rule = (context) => {
  const {
    node,
    inputs: [x, index],
    writer,
    types,
  } = context;
  const axis = fixed<number>(node, "axis");
  return [writer.value("Gather", [writer.full(x!).name, writer.full(indices(context, index!, x!.shape[axis]!)).name], types[0]!, { axis })];
};

const takeAlongAxis: Rule = (context) => {
  const {
    node,
    inputs: [x, index],
    writer,
    types,
  } = context;
  const axis = fixed<number>(node, "axis");
  return [
    writer.value("GatherElements", [writer.full(x!).name, writer.full(indices(context, index!, x!.shape[axis]!)).name], types[0]!, {
      axis,
    }),
  ];
};

/** Tuples of indices, each moved inside its axis where the mode says so. */
function tuples({ node, writer }: RuleContext, value: Value, shape: readonly Extent[]): string {
  const depth = value.shape.at(-1)![0]!;
  const full = writer.full(value);
  if (fixed<string>(node, "mode") !== "clamp") return writer.toInt64(full);
  const limits = writer.node("Sub", [writer.extents(shape.slice(0, depth)), writer.integers([1])]);
  return writer.node("Max", [writer.node("Min", [writer.toInt64(full), limits]), writer.integers([0])]);
}

const gatherNd: Rule = (context) => {
  const {
    inputs: [x, index],
    writer,
    types,
  } = context;
  if (index!.shape.at(-1)![0] === 0) {
    const missing = types[0]!.shape.length - x!.shape.length;
    const stored = [...Array.from({ length: missing }, () => writer.fixed(1)), ...x!.shape];
    return [{ ...writer.reshape(x!, stored), stored, shape: types[0]!.shape }];
  }
  return [writer.value("GatherND", [writer.full(x!).name, tuples(context, index!, x!.shape)], types[0]!)];
};

function scatterNd(reduction: "add" | "none"): Rule {
  return (context) => {
    const {
      inputs: [operand, index, updates],
      writer,
      types,
    } = context;
    const { dtype } = types[0]!;
    const computed = reduction === "add" ? widened(dtype) : dtype;
    const [x, u] = [operand!, updates!].map((value) => writer.cast(writer.full(value), computed).name);
    const result = writer.value(
      "ScatterND",
      [x!, tuples(context, index!, operand!.shape), u!],
      { shape: types[0]!.shape, dtype: computed },
      { reduction },
    );
    return [writer.cast(result, dtype)];
  };
}

/** Updates added along one axis at indices of their own shape. */
function scatterAlong(writer: GraphWriter, operand: Value, index: Value, updates: Value, axis: number): Value {
  const computed = widened(operand.dtype);
  const [x, u] = [operand, updates].map((value) => writer.cast(writer.full(value), computed).name);
  const result = writer.value(
    "ScatterElements",
    [x!, writer.full(index).name, u!],
    { shape: operand.shape, dtype: computed },
    { axis, reduction: "add" },
  );
  return writer.cast(result, operand.dtype);
}

const takeScatterAdd: Rule = (context) => {
  const {
    node,
    inputs: [operand, index, updates],
    writer,
  } = context;
  const axis = fixed<number>(node, "axis");
  const count = index!.shape.reduce((product, extent) => combine((a, b) => a * b, product, extent), writer.fixed(1));
  const before = operand!.shape.slice(0, axis);
  const after = operand!.shape.slice(axis + 1);
  const laid = writer.reshape(updates!, [...before, count, ...after]);
  const flat = writer.reshape(indices(context, index!, operand!.shape[axis]!), [
    ...before.map(() => writer.fixed(1)),
    count,
    ...after.map(() => writer.fixed(1)),
  ]);
  return [scatterAlong(writer, operand!, { ...flat, shape: laid.shape }, laid, axis)];
};

const takeAlongAxisScatterAdd: Rule = (context) => {
  const {
    node,
    inputs: [operand, index, updates],
    writer,
  } = context;
  const axis = fixed<number>(node, "axis");
  return [scatterAlong(writer, operand!, indices(context, index!, operand!.shape[axis]!), updates!, axis)];
};

/** Starts of a block, moved so that it lies inside. */
function blockStarts(writer: GraphWriter, starts: Value, shape: readonly Extent[], sizes: readonly Extent[]): string {
  const room = writer.extents(shape.map((extent, axis) => combine((n, size) => n - size, extent, sizes[axis]!)));
  return writer.node("Max", [writer.node("Min", [writer.toInt64(writer.full(starts)), room]), writer.integers([0])]);
}

const dynamicSlice: Rule = ({ node, inputs: [x, starts], writer, types }) => {
  const sizes = numbersOf(node, "sizes");
  if (sizes.length === 0) return [x!];
  const from = blockStarts(writer, starts!, x!.shape, sizes);
  const to = writer.node("Add", [from, writer.extents(sizes)]);
  return [writer.value("Slice", [writer.full(x!).name, from, to, writer.integers(sizes.map((_, axis) => axis))], types[0]!)];
};

/** The block's elements are written at their positions in the flat array: start and place along each axis times its stride. */
const dynamicUpdateSlice: Rule = ({ inputs: [x, starts, update], writer }) => {
  const { shape, dtype } = x!;
  if (shape.length === 0) return [update!];
  const sizes = update!.shape;
  const from = blockStarts(writer, starts!, shape, sizes);
  let stride = writer.fixed(1);
  let positions: string | null = null;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const start = writer.node("Slice", [from, writer.integers([axis]), writer.integers([axis + 1])]);
    const scalar = (name: string): string => writer.node("Squeeze", [name]);
    const steps = writer.node("Range", [writer.integers([0], true), scalar(writer.extent(sizes[axis]!)), writer.integers([1], true)]);
    const places = writer.node("Mul", [writer.node("Add", [steps, start]), writer.extent(stride)]);
    const after = Array.from({ length: shape.length - 1 - axis }, (_, i) => i + 1);
    const laid = after.length === 0 ? places : writer.node("Unsqueeze", [places, writer.integers(after)]);
    positions = positions === null ? laid : writer.node("Add", [laid, positions]);
    stride = combine((a, b) => a * b, stride, shape[axis]!);
  }
  const total = sizes.reduce((product, extent) => combine((a, b) => a * b, product, extent), writer.fixed(1));
  const flatPositions = writer.node("Reshape", [positions!, writer.integers([-1])]);
  const flat = writer.reshape(x!, [stride]);
  const written = writer.value(
    "ScatterElements",
    [flat.name, flatPositions, writer.reshape(update!, [total]).name],
    { shape: [stride], dtype },
    { axis: 0 },
  );
  return [writer.reshape(written, shape)];
};

/** Rules of indexing. */
export const indexingRules: Readonly<Record<string, Rule>> = {
  take,
  takeScatterAdd,
  takeAlongAxis,
  takeAlongAxisScatterAdd,
  gatherNd,
  scatterNdAdd: scatterNd("add"),
  scatterNdSet: scatterNd("none"),
  dynamicSlice,
  dynamicUpdateSlice,
};
