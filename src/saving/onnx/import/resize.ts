/** ONNX's Resize: one axis after the other, as a selection or as a product with a matrix of shares. */
import { dataTensor, type Tensor } from "../../../graph/index.ts";
import * as P from "../../../primitives/index.ts";
import { type NodeContext, type Operator, shapeOf } from "./operator.ts";

/** Place in the input of an output element. */
function placeOf(context: NodeContext, mode: string, o: number, input: number, output: number, scale: number): number {
  const f = Math.fround;
  // In float32, as the runtimes compute it: whether a place falls on this side of a border depends on it.
  const halfPixel = f(f(f(o + 0.5) / f(scale)) - 0.5);
  switch (mode) {
    case "half_pixel":
      return halfPixel;
    case "pytorch_half_pixel":
      return output > 1 ? halfPixel : 0;
    case "half_pixel_symmetric":
      return (input / 2) * (1 - output / (scale * input)) + (o + 0.5) / scale - 0.5;
    case "align_corners":
      return output === 1 ? 0 : f((o * (input - 1)) / (output - 1));
    case "asymmetric":
      return f(o / f(scale));
    default:
      throw context.error(
        "this way of finding places is not there",
        "half_pixel, half_pixel_symmetric, pytorch_half_pixel, align_corners, asymmetric",
        mode,
      );
  }
}

const roundings: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

function cubic(distance: number, a: number): number {
  const d = Math.abs(distance);
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
}

/** Shares of input elements (columns) in output elements (rows). */
function shares(context: NodeContext, mode: string, input: number, output: number, scale: number): Float32Array {
  const transformation = context.text("coordinate_transformation_mode", "half_pixel");
  const a = context.float("cubic_coeff_a", -0.75);
  const excluded = context.int("exclude_outside", 0) === 1;
  const matrix = new Float32Array(output * input);
  for (let o = 0; o < output; o++) {
    const place = placeOf(context, transformation, o, input, output, scale);
    const at = mode === "linear" ? Math.min(Math.max(place, 0), input - 1) : place;
    const floor = Math.floor(at);
    const taps = mode === "linear" ? [floor, floor + 1] : [floor - 1, floor, floor + 1, floor + 2];
    const weights = taps.map((tap) => (mode === "linear" ? Math.max(0, 1 - Math.abs(at - tap)) : cubic(at - tap, a)));
    const inside = taps.map((tap) => tap >= 0 && tap < input);
    const total = excluded ? weights.reduce((sum, weight, i) => sum + (inside[i] ? weight : 0), 0) : 1;
    taps.forEach((tap, i) => {
      if (excluded && !inside[i]) return;
      const column = Math.min(Math.max(tap, 0), input - 1);
      matrix[o * input + column]! += weights[i]! / total;
    });
  }
  return matrix;
}

function resizeAxis(context: NodeContext, x: Tensor, axis: number, output: number, scale: number): Tensor {
  const mode = context.text("mode", "nearest");
  const input = shapeOf(x)[axis]!;
  if (mode === "nearest") {
    const transformation = context.text("coordinate_transformation_mode", context.opset < 11 ? "asymmetric" : "half_pixel");
    const rounding = roundings[context.text("nearest_mode", context.opset < 11 ? "floor" : "round_prefer_floor")] ?? Math.floor;
    const places = Int32Array.from({ length: output }, (_, o) =>
      Math.min(Math.max(rounding(placeOf(context, transformation, o, input, output, scale)), 0), input - 1),
    );
    return P.take(x, dataTensor(places, [output], "int32"), axis);
  }
  if (mode !== "linear" && mode !== "cubic") throw context.error("there is no such mode", "nearest, linear, cubic", mode);
  if (input === output && scale === 1) return x;
  const matrix = P.convert(dataTensor(shares(context, mode, input, output, scale), [output, input], "float32"), x.dtype);
  const product = P.dotGeneral(x, matrix, { lhsBatch: [], rhsBatch: [], lhsContract: [axis], rhsContract: [1] });
  const order = Array.from({ length: x.rank - 1 }, (_, i) => i);
  return P.transpose(product, [...order.slice(0, axis), x.rank - 1, ...order.slice(axis)]);
}

function resize(context: NodeContext): readonly Tensor[] {
  let x = context.input(0);
  if (context.int("antialias", 0) === 1) throw context.error("antialiasing is not there", "antialias 0", "antialias 1");
  const policy = context.text("keep_aspect_ratio_policy", "stretch");
  if (policy !== "stretch") throw context.error("this policy is not there", "stretch", policy);
  const axes = context.ints("axes")?.map((axis) => context.axis(axis, x.rank)) ?? shapeOf(x).map((_, axis) => axis);
  const listed = (index: number): number[] | null => {
    const values = context.optional(index) === null ? null : context.constant(index);
    return values === null || values.length === 0 ? null : values;
  };
  const scales = context.opset < 11 ? (listed(1) ?? context.floats("scales")) : listed(2);
  const sizes = context.opset < 11 ? null : listed(3);
  axes.forEach((axis, i) => {
    const input = shapeOf(x)[axis]!;
    const output = sizes?.[i] ?? Math.floor(input * (scales?.[i] ?? 1));
    const scale = sizes === null ? (scales?.[i] ?? 1) : output / input;
    if (!(output >= 1 && output <= 2 ** 24)) throw context.error("the new extent is none", "at least 1", String(output));
    if (output !== input || scale !== 1) x = resizeAxis(context, x, axis, output, scale);
  });
  return [x];
}

/** Resizing by name. */
export const resizeOperators: Readonly<Record<string, Operator>> = { Resize: resize, Upsample: resize };
