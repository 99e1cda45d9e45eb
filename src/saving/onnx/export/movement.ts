/** Primitives that move elements, reductions and orders, in ONNX's operators. */
import { sizeOf } from "../../../graph/index.ts";
import { type DType, widened } from "../../../dtype/index.ts";
import { elementTypes } from "../schema.ts";
import { fixed, numberOf, numbersOf } from "./aligned-graph.ts";
import { type Extent, isStatic, sameExtent } from "./extents.ts";
import type { GraphWriter, Value } from "./graph-writer.ts";
import type { Rule } from "./rule.ts";

/** Extent by extent. */
export function combine(f: (...values: number[]) => number, ...extents: readonly Extent[]): Extent {
  return extents[0]!.map((_, trace) => f(...extents.map((extent) => extent[trace]!)));
}

function isZero(extent: Extent): boolean {
  return extent.every((value) => value === 0);
}

/** Every `strides`-th element of [starts, limits). */
export function slice(
  writer: GraphWriter,
  value: Value,
  starts: readonly Extent[],
  limits: readonly Extent[],
  strides: readonly number[],
): Value {
  const full = writer.full(value);
  const axes = full.shape
    .map((_, axis) => axis)
    .filter((axis) => !isZero(starts[axis]!) || !sameExtent(limits[axis]!, full.shape[axis]!) || strides[axis] !== 1);
  if (axes.length === 0) return full;
  const pick = <T>(list: readonly T[]): T[] => axes.map((axis) => list[axis]!);
  const shape = full.shape.map((_, axis) =>
    combine((start, limit) => Math.ceil((limit - start) / strides[axis]!), starts[axis]!, limits[axis]!),
  );
  return writer.value(
    "Slice",
    [full.name, writer.extents(pick(starts)), writer.extents(pick(limits)), writer.integers(axes), writer.integers(pick(strides))],
    {
      shape,
      dtype: value.dtype,
    },
  );
}

/** Elements in opposite order along axes. */
export function reverse(writer: GraphWriter, value: Value, axes: readonly number[]): Value {
  const full = writer.full(value);
  if (axes.length === 0) return full;
  const all = (number: number): string => writer.integers(axes.map(() => number));
  return writer.value("Slice", [full.name, all(-1), all(-(2 ** 31)), writer.integers(axes), all(-1)], full);
}

/** Surrounds, crops (negative) and spreads with `fill` (rank 0). */
export function pad(
  writer: GraphWriter,
  value: Value,
  fill: Value,
  low: readonly Extent[],
  high: readonly Extent[],
  interior: readonly number[],
): Value {
  let padded = writer.full(value);
  const highs = [...high];
  interior.forEach((holes, axis) => {
    if (holes === 0) return;
    // A new axis of 1 + holes behind each element, laid flat again: `holes` too many at the end.
    const { shape } = padded;
    const extent = shape[axis]!;
    const opened = writer.value("Unsqueeze", [padded.name, writer.integers([axis + 1])], {
      shape: [...shape.slice(0, axis + 1), writer.fixed(1), ...shape.slice(axis + 1)],
      dtype: value.dtype,
    });
    const rank = shape.length + 1;
    const pads = new Array<number>(2 * rank).fill(0);
    pads[rank + axis + 1] = holes;
    const spread = writer.value("Pad", [opened.name, writer.integers(pads), fill.name], {
      shape: opened.shape.map((e, i) => (i === axis + 1 ? writer.fixed(holes + 1) : e)),
      dtype: value.dtype,
    });
    padded = writer.reshape(
      spread,
      shape.map((e, i) => (i === axis ? combine((n) => n * (holes + 1), extent) : e)),
    );
    highs[axis] = combine((n, count) => (count === 0 ? n : n - holes), highs[axis]!, extent);
  });
  if ([...low, ...highs].every(isZero)) return padded;
  const shape = padded.shape.map((extent, axis) => combine((n, a, b) => n + a + b, extent, low[axis]!, highs[axis]!));
  return writer.value("Pad", [padded.name, writer.extents([...low, ...highs]), fill.name], { shape, dtype: value.dtype });
}

const reshapeRule: Rule = ({ inputs, writer, types }) => [writer.reshape(inputs[0]!, types[0]!.shape)];

const transposeRule: Rule = ({ node, inputs, writer }) => [writer.transpose(inputs[0]!, fixed<number[]>(node, "permutation"))];

const broadcastInDim: Rule = ({ node, inputs: [x], writer, types }) => {
  const axes = fixed<number[]>(node, "axes");
  const { shape, dtype } = types[0]!;
  const stored = shape.map(() => writer.fixed(1));
  axes.forEach((axis, i) => (stored[axis] = x!.stored[i]!));
  if (x!.shape.length === shape.length) return [{ ...x!, shape }];
  // A known number broadcasts as it is.
  if (x!.known !== undefined && x!.shape.length === 0 && !shape.every((extent) => extent.every((value) => value === 1)))
    return [{ ...x!, stored, shape }];
  const added = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  if (x!.known !== undefined) {
    const constant = writer.constant(
      x!.known.values,
      stored.map((extent) => extent[0]!),
      dtype,
      x!.name,
    );
    return [{ ...constant, shape }];
  }
  const name = writer.node("Unsqueeze", [x!.name, writer.integers(added)]);
  return [{ name, stored, shape, dtype }];
};

const concatenate: Rule = ({ node, inputs, writer, types }) => {
  const names = inputs.map((input) => writer.full(input).name);
  return [writer.value("Concat", names, types[0]!, { axis: fixed<number>(node, "axis") })];
};

const iota: Rule = ({ node, writer, types }) => {
  const axis = fixed<number>(node, "axis");
  const { shape, dtype } = types[0]!;
  const scalar = (name: string): string => writer.node("Squeeze", [name]);
  const limit = scalar(writer.node("Cast", [writer.extent(shape[axis]!)], { to: 6 }));
  const range = writer.named(writer.node("Range", [writer.scalar(0, "int32").name, limit, writer.scalar(1, "int32").name]), {
    shape: [shape[axis]!],
    dtype: "int32",
  });
  const converted = writer.cast(range, dtype);
  const added = shape.map((_, i) => i).filter((i) => i !== axis);
  const name = added.length === 0 ? converted.name : writer.node("Unsqueeze", [converted.name, writer.integers(added)]);
  return [{ name, stored: shape.map((extent, i) => (i === axis ? extent : writer.fixed(1))), shape, dtype }];
};

/** `as` where the runtime lacks the dtype, or stops counting where int32 wraps. */
function reduction(opType: string, via: Readonly<Partial<Record<DType, "int32" | "int64">>>): Rule {
  return ({ node, inputs: [x], writer, types }) => {
    const axes = fixed<number[]>(node, "axes");
    if (axes.length === 0) return [x!];
    const { shape, dtype } = types[0]!;
    const full = writer.full(x!);
    const wide = via[dtype];
    const operand = wide === undefined ? full.name : writer.node("Cast", [full.name], { to: elementTypes[wide] });
    const reduced = writer.node(opType, [operand, writer.integers(axes)], { keepdims: 0 });
    return [writer.named(wide === undefined ? reduced : writer.node("Cast", [reduced], { to: elementTypes[dtype] }), { shape, dtype })];
  };
}

function position(opType: "ArgMax" | "ArgMin"): Rule {
  return ({ node, inputs: [x], writer, types }) => {
    const full = writer.full(x!);
    const name = writer.node(opType, [full.name], { axis: fixed<number>(node, "axis"), keepdims: 0 });
    return [writer.named(writer.node("Cast", [name], { to: 6 }), types[0]!)];
  };
}

const sort: Rule = ({ node, inputs: [x], writer, types }) => {
  const axis = fixed<number>(node, "axis");
  const dtype = widened(x!.dtype);
  const full = writer.cast(writer.full(x!), dtype);
  const [values, positions] = writer.nodeOf(
    "TopK",
    [full.name, writer.extent(x!.shape[axis]!)],
    { axis, largest: fixed<boolean>(node, "descending") ? 1 : 0, sorted: 1 },
    2,
  );
  return [
    writer.cast(writer.named(values!, { shape: types[0]!.shape, dtype }), types[0]!.dtype),
    writer.named(writer.node("Cast", [positions!], { to: 6 }), types[1]!),
  ];
};

const cumulativeSum: Rule = ({ node, inputs: [x], writer, types }) => {
  const dtype = widened(x!.dtype);
  const full = writer.cast(writer.full(x!), dtype);
  const axis = writer.integers([fixed<number>(node, "axis")], true);
  const sum = writer.value("CumSum", [full.name, axis], { shape: full.shape, dtype }, { reverse: fixed<boolean>(node, "reverse") ? 1 : 0 });
  return [writer.cast(sum, types[0]!.dtype)];
};

/** A running combination as a Scan along the axis, beginning with the combination's neutral element. */
function cumulative(opType: "Mul" | "Max" | "Min"): Rule {
  return ({ node, inputs: [x], writer, types }) => {
    const axis = fixed<number>(node, "axis");
    const reversed = fixed<boolean>(node, "reverse") ? 1 : 0;
    const dtype = widened(x!.dtype);
    const full = writer.cast(writer.full(x!), dtype);
    const rest = full.shape.filter((_, i) => i !== axis);
    const integer = dtype === "int32";
    const neutral = opType === "Mul" ? 1 : opType === "Max" ? (integer ? -(2 ** 31) : -Infinity) : integer ? 2 ** 31 - 1 : Infinity;
    const initial = writer.full({ ...writer.scalar(neutral, dtype), stored: rest.map(() => writer.fixed(1)), shape: rest });
    const body = new (writer.constructor as typeof GraphWriter)(writer);
    const [state, element] = [body.unique("running"), body.unique("element")];
    const next = body.node(opType, [state, element]);
    const copy = body.node("Identity", [next]);
    const info = (name: string): ReturnType<GraphWriter["info"]> => body.info(name, rest, dtype);
    const graph = body.graph(body.unique("cumulative"), [info(state), info(element)], [info(next), info(copy)]);
    const [, result] = writer.nodeOf(
      "Scan",
      [initial.name, full.name],
      {
        body: { graph },
        num_scan_inputs: 1,
        scan_input_axes: [axis],
        scan_output_axes: [axis],
        scan_input_directions: [reversed],
        scan_output_directions: [reversed],
      },
      2,
    );
    return [writer.cast(writer.named(result!, { shape: full.shape, dtype }), types[0]!.dtype)];
  };
}

/** Elements that are small enough to be computed while exporting. */
export function isSmall(types: readonly { readonly shape: readonly Extent[] }[]): boolean {
  return types.every(({ shape }) => shape.every(isStatic) && sizeOf(shape.map((extent) => extent[0]!)) <= 4096);
}

/** Rules of primitives that move elements, and of reductions and orders. */
export const movementRules: Readonly<Record<string, Rule>> = {
  reshape: reshapeRule,
  transpose: transposeRule,
  broadcastInDim,
  slice: ({ node, inputs, writer }) => [
    slice(writer, inputs[0]!, numbersOf(node, "starts"), numbersOf(node, "limits"), fixed<number[]>(node, "strides")),
  ],
  pad: ({ node, inputs: [x, fill], writer }) => [
    pad(writer, x!, fill!, numbersOf(node, "low"), numbersOf(node, "high"), fixed<number[]>(node, "interior")),
  ],
  concatenate,
  reverse: ({ node, inputs, writer }) => [reverse(writer, inputs[0]!, fixed<number[]>(node, "axes"))],
  constant: ({ node, writer, types }) => {
    const value = numberOf(node, "value");
    if (isStatic(value) || value.every(Number.isNaN)) return [writer.scalar(value[0]!, types[0]!.dtype)];
    // A number made from an extent, such as how many elements a mean is taken of.
    const { dtype } = types[0]!;
    const whole = value.every(Number.isInteger);
    const count = writer.named(writer.node("Squeeze", [writer.extent(whole ? value : combine((v) => Math.round(1 / v), value))]), {
      shape: [],
      dtype: "int32",
    });
    const converted = writer.named(writer.node("Cast", [count.name], { to: elementTypes[dtype] }), { shape: [], dtype });
    return [whole ? converted : writer.value("Reciprocal", [converted.name], { shape: [], dtype })];
  },
  iota,
  reduceSum: reduction("ReduceSum", { int8: "int32", uint8: "int32", int32: "int64" }),
  reduceMax: reduction("ReduceMax", { int8: "int32" }),
  reduceMin: reduction("ReduceMin", { int8: "int32" }),
  reduceProd: reduction("ReduceProd", { int8: "int32", uint8: "int32", int32: "int64" }),
  reduceAny: reduction("ReduceMax", { bool: "int32" }),
  reduceAll: reduction("ReduceMin", { bool: "int32" }),
  argmax: position("ArgMax"),
  argmin: position("ArgMin"),
  sort,
  cumulativeSum,
  cumulativeProd: cumulative("Mul"),
  cumulativeMax: cumulative("Max"),
  cumulativeMin: cumulative("Min"),
};
