import { beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../../index.ts";
import { type DType, hostArray } from "../../../dtype/index.ts";
import { compareCase, encodeCase, type CaseAttributes, type OnnxCase, type Operand } from "../../../testing/onnx-case.ts";
import { Random } from "../../../testing/random.ts";

const random = new Random(7);

/** Random elements that the model is fed. */
function x(shape: readonly number[], dtype: DType = "float32", low = -2, high = 2): Operand & object {
  const data = hostArray(
    dtype,
    shape.reduce((a, b) => a * b, 1),
  );
  for (let i = 0; i < data.length; i++)
    data[i] = dtype === "bool" ? random.integer(0, 1) : dtype.startsWith("float") ? random.uniform(low, high) : random.integer(low, high);
  return { kind: "input", array: { shape, dtype, data } };
}
/** Numbers that stand in the file. */
const c = (values: readonly number[], dtype: DType = "float32", shape: readonly number[] = [values.length]): Operand => {
  const data = hostArray(dtype, values.length);
  data.set(values);
  return { kind: "constant", array: { shape, dtype, data } };
};
const i64 = (values: readonly number[], shape: readonly number[] = [values.length]): Operand => ({
  kind: "constant",
  array: { shape, dtype: "int32", data: Int32Array.from(values) },
  int64: true,
});
const index = (values: readonly number[], shape: readonly number[] = [values.length]): Operand => ({
  kind: "input",
  array: { shape, dtype: "int32", data: Int32Array.from(values) },
  int64: true,
});

const cases: OnnxCase[] = [];
const add = (operator: string, inputs: readonly Operand[], attributes: CaseAttributes = {}, more: Partial<OnnxCase> = {}): void =>
  void cases.push({ operator, inputs, attributes, ...more });

for (const op of [
  "Abs",
  "Neg",
  "Sign",
  "Floor",
  "Ceil",
  "Round",
  "Exp",
  "Reciprocal",
  "Sin",
  "Cos",
  "Tan",
  "Atan",
  "Sinh",
  "Cosh",
  "Asinh",
  "Tanh",
  "Sigmoid",
  "Erf",
  "Identity",
  "Relu",
  "LeakyRelu",
  "Elu",
  "Celu",
  "Selu",
  "HardSigmoid",
  "HardSwish",
  "Softplus",
  "Softsign",
  "ThresholdedRelu",
  "Mish",
  "IsNaN",
  "IsInf",
  "Shrink",
])
  add(op, [x([3, 5])]);
for (const op of ["Log", "Sqrt"]) add(op, [x([7], "float32", 0.1, 3)]);
for (const op of ["Asin", "Acos", "Atanh"]) add(op, [x([7], "float32", -0.9, 0.9)]);
add("Acosh", [x([7], "float32", 1.1, 3)]);
add("Not", [x([5], "bool")]);
add("LeakyRelu", [x([9])], { alpha: { float: 0.3 } });
add("Elu", [x([9])], { alpha: { float: 0.7 } });
add("HardSigmoid", [x([9])], { alpha: { float: 0.3 }, beta: { float: 0.4 } });
add("ThresholdedRelu", [x([9])], { alpha: { float: 0.7 } });
add("Shrink", [x([9])], { bias: { float: 0.2 }, lambd: { float: 0.9 } });
add("PRelu", [x([2, 3, 4]), c([0.1, 0.2, 0.3], "float32", [3, 1])]);
add("Gelu", [x([9])], {}, { opset: 20 });
add("Gelu", [x([9])], { approximate: "tanh" }, { opset: 20 });
add("Clip", [x([9]), c([-0.5], "float32", []), c([0.7], "float32", [])]);
add("Clip", [x([9]), null, c([0.7], "float32", [])]);
add("Clip", [x([9])], { min: { float: -0.5 }, max: { float: 0.4 } }, { opset: 6 });
for (const op of ["Add", "Sub", "Mul", "Div", "Max", "Min"]) {
  add(op, [x([2, 3, 4]), x([3, 1])]);
  add(op, [x([4], "int32", 1, 9), x([2, 1], "int32", 1, 5)]);
}
add("Pow", [x([5], "float32", 0.1, 2), x([5])]);
add("Pow", [x([5], "float32"), c([2], "float32", [])]);
add("Mod", [x([12], "int32", -9, 9), x([12], "int32", 1, 5)]);
add("Mod", [x([12], "float32"), x([12], "float32", 0.5, 1)], { fmod: 1 });
for (const op of ["Sum", "Mean"]) add(op, [x([2, 3]), x([3]), x([2, 1])]);
for (const op of ["And", "Or", "Xor"]) add(op, [x([6], "bool"), x([2, 1], "bool")]);
for (const op of ["BitwiseAnd", "BitwiseOr", "BitwiseXor"]) add(op, [x([6], "int32", -99, 99), x([6], "int32", -99, 99)]);
add("BitShift", [x([6], "uint8", 0, 60), x([6], "uint8", 0, 2)], { direction: "LEFT" });
for (const op of ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"]) {
  add(op, [x([2, 5], "int32", 0, 3), x([5], "int32", 0, 3)]);
  add(op, [x([5]), x([5])]);
}
add("Where", [x([2, 3], "bool"), x([3]), x([2, 1])]);
for (const to of [6, 2, 9, 11, 1]) add("Cast", [x([6], "float32", 0.5, 9)], { to });
add("CastLike", [x([6], "float32", 0, 9), x([1], "int32")]);

add("Shape", [x([2, 3, 4])]);
add("Shape", [x([2, 3, 4])], { start: -2, end: 3 });
add("Size", [x([2, 3, 4])]);
add("Reshape", [x([2, 3, 4]), i64([0, -1, 2])]);
add("Reshape", [x([2, 3, 4]), i64([4, 6])]);
for (const axis of [0, 1, 2, -1]) add("Flatten", [x([2, 3, 4])], { axis });
add("Squeeze", [x([1, 3, 1, 2]), i64([0, -2])]);
add("Squeeze", [x([1, 3, 1, 2])]);
add("Squeeze", [x([1, 3, 1, 2])], { axes: [2] }, { opset: 11 });
add("Unsqueeze", [x([3, 2]), i64([0, -1])]);
add("Unsqueeze", [x([3, 2])], { axes: [1] }, { opset: 11 });
add("Transpose", [x([2, 3, 4])]);
add("Transpose", [x([2, 3, 4])], { perm: [1, 2, 0] });
add("Concat", [x([2, 3]), x([2, 1]), x([2, 2])], { axis: -1 });
add("Split", [x([2, 7]), i64([3, 4])], { axis: 1 }, { outputs: 2 });
add("Split", [x([2, 7])], { axis: 1, num_outputs: 3 }, { outputs: 3 });
add("Split", [x([6, 2])], { axis: 0 }, { outputs: 3, opset: 13 });
add("Slice", [x([5, 6]), i64([1, -3]), i64([4, 2 ** 31 - 1])]);
add("Slice", [x([5, 6]), i64([-1, 4]), i64([-(2 ** 31), 0]), i64([0, 1]), i64([-1, -2])]);
add("Slice", [x([5, 6]), i64([1]), i64([-1]), i64([-1]), i64([2])]);
add("Slice", [x([5, 6])], { starts: [1], ends: [9], axes: [1] }, { opset: 9 });
for (const axis of [0, 1, -1]) add("Gather", [x([3, 4, 2]), index([0, -1, 1], [3])], { axis });
add("Gather", [x([3, 4]), index([2], [])], { axis: 0 });
add("GatherElements", [x([3, 4]), index([0, -1, 2, 1], [2, 2])], { axis: 0 });
add("GatherElements", [x([3, 4]), index([0, -1, 2, 1, 0, 3], [3, 2])], { axis: 1 });
add("GatherND", [x([3, 4, 2]), index([0, -1, 2, 1], [2, 2])]);
add("GatherND", [x([2, 4, 3]), index([0, 3], [2, 1])], { batch_dims: 1 });
add("ScatterElements", [x([3, 4]), index([2, 0, 1, -1], [2, 2]), x([2, 2])], { axis: 0 });
add("ScatterElements", [x([3, 4]), index([2, 2, 1, 1], [2, 2]), x([2, 2])], { axis: 1, reduction: "add" });
add("ScatterND", [x([4, 3]), index([2, -1], [2, 1]), x([2, 3])]);
add("ScatterND", [x([4, 3]), index([2, 1, 2, 1], [2, 2]), x([2])], { reduction: "add" });
add("Expand", [x([3, 1]), i64([2, 1, 4])]);
add("Tile", [x([2, 3]), i64([2, 3])]);
for (const mode of ["constant", "edge", "reflect", "wrap"])
  add("Pad", [x([3, 4]), i64([1, 2, 2, 1]), c([1.5], "float32", [])], { mode }, { opset: 19 });
add("Pad", [x([3, 4]), i64([0, -1, 0, 2])]);
add("Pad", [x([3, 4]), i64([2, 1]), null, i64([1])]);
add("ConstantOfShape", [i64([2, 3])]);
add("Range", [c([1], "float32", []), c([5], "float32", []), c([1.5], "float32", [])]);
add("Range", [i64([9], []), i64([1], []), i64([-2], [])]);
add("OneHot", [index([0, 2, -1]), i64([4], []), c([0.5, 2])], { axis: 0 });
add("OneHot", [index([0, 2, -1]), i64([4], []), c([0.5, 2])]);
add("EyeLike", [x([3, 4])], { k: 1 });
add("Trilu", [x([2, 3, 4])], { upper: 0 });
add("Trilu", [x([3, 4]), i64([1], [])]);
for (const mode of ["DCR", "CRD"]) add("DepthToSpace", [x([1, 8, 2, 3])], { blocksize: 2, mode });
add("SpaceToDepth", [x([1, 2, 4, 6])], { blocksize: 2 });

for (const op of [
  "ReduceSum",
  "ReduceMean",
  "ReduceMax",
  "ReduceMin",
  "ReduceProd",
  "ReduceL1",
  "ReduceL2",
  "ReduceLogSumExp",
  "ReduceSumSquare",
]) {
  add(op, [x([2, 3, 4]), i64([0, -1])]);
  add(op, [x([2, 3, 4]), i64([1])], { keepdims: 0 });
  add(op, [x([2, 3, 4])]);
  if (op !== "ReduceSum") add(op, [x([2, 3, 4])], { axes: [2], keepdims: 0 }, { opset: 13 });
}
add("ReduceLogSum", [x([2, 3], "float32", 0.1, 2), i64([1])]);
add("ReduceSum", [x([2, 3]), i64([])], { noop_with_empty_axes: 1 });
for (const op of ["ArgMax", "ArgMin"]) {
  add(op, [x([3, 4])], { axis: 1 });
  add(op, [x([3, 4])], { axis: 0, keepdims: 0 });
  add(op, [x([4, 9], "int32", 0, 2)], { axis: 1, select_last_index: 1 });
}
for (const op of ["Softmax", "LogSoftmax", "Hardmax"]) {
  add(op, [x([2, 3, 4])], { axis: 1 });
  add(op, [x([2, 3, 4])]);
  add(op, [x([2, 3, 4])], { axis: 1 }, { opset: 11 });
}
for (const exclusive of [0, 1]) for (const reverse of [0, 1]) add("CumSum", [x([3, 4]), i64([1], [])], { exclusive, reverse });
add("TopK", [x([3, 7]), i64([3])], {}, { outputs: 2 });
add("TopK", [x([7, 2]), i64([3])], { axis: 0, largest: 0 }, { outputs: 2 });
add("LpNormalization", [x([3, 4])], { axis: 0 });
add("LpNormalization", [x([3, 4])], { p: 1 });

add("MatMul", [x([2, 3]), x([3, 4])]);
add("MatMul", [x([5, 2, 3]), x([3, 4])]);
add("MatMul", [x([2, 1, 2, 3]), x([4, 3, 2])]);
add("MatMul", [x([3]), x([3, 2])]);
add("Gemm", [x([2, 3]), x([3, 4]), x([4])]);
add("Gemm", [x([3, 2]), x([4, 3]), x([2, 1])], { transA: 1, transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } });
for (const equation of ["ij,jk->ik", "bij,bkj->bik", "bhid,bhjd->bhij", "ii->i", "i,j->ij", "ij->ji"]) {
  const shapes: Record<string, number> = { i: 3, j: 4, k: 2, b: 2, h: 2, d: 3 };
  add(
    "Einsum",
    equation
      .split("->")[0]!
      .split(",")
      .map((term) => x([...term].map((letter) => shapes[letter]!))),
    { equation },
  );
}
add(
  "BatchNormalization",
  [x([2, 3, 4]), c([1, 2, 0.5]), c([0, 1, -1]), c([0.1, 0.2, 0.3]), c([1, 0.5, 2])],
  { epsilon: { float: 1e-3 } },
  { opset: 15 },
);
add("LayerNormalization", [x([2, 3, 4]), c([1, 2, 0.5, 1.5]), c([0, 1, -1, 0.3])], { axis: -1 });
add(
  "LayerNormalization",
  [
    x([2, 3, 4]),
    c(
      Array.from({ length: 12 }, (_, i) => i / 6),
      "float32",
      [3, 4],
    ),
  ],
  { axis: 1, epsilon: { float: 1e-3 } },
);
add("InstanceNormalization", [x([2, 3, 4, 5]), c([1, 2, 0.5]), c([0, 1, -1])]);
add("GroupNormalization", [x([2, 4, 3]), c([1, 2, 0.5, 3]), c([0, 1, -1, 0.2])], { num_groups: 2 }, { opset: 21 });
add("LRN", [x([1, 5, 2, 2])], { size: 3, alpha: { float: 0.1 }, beta: { float: 0.6 }, bias: { float: 2 } });
add("MeanVarianceNormalization", [x([2, 3, 4, 2])], {}, { opset: 13 });
add(
  "DequantizeLinear",
  [
    x([2, 3], "uint8", 0, 255),
    c([0.1, 0.2, 0.3]),
    { kind: "constant", array: { shape: [3], dtype: "uint8", data: Uint8Array.from([1, 2, 128]) } },
  ],
  { axis: 1 },
);

add("Conv", [x([2, 3, 7]), x([4, 3, 3]), x([4])]);
add("Conv", [x([1, 3, 7, 6]), x([4, 3, 3, 2])], { strides: [2, 1], pads: [1, 0, 2, 1] });
add("Conv", [x([1, 4, 6, 5]), x([6, 2, 3, 3])], { group: 2, dilations: [2, 1], pads: [2, 1, 2, 1] });
for (const auto_pad of ["SAME_UPPER", "SAME_LOWER", "VALID"]) {
  add("Conv", [x([1, 2, 7, 6]), x([3, 2, 4, 3])], { auto_pad, strides: [2, 3] });
  add("MaxPool", [x([1, 2, 7, 6])], { auto_pad, kernel_shape: [4, 3], strides: [2, 3] });
  add("AveragePool", [x([1, 2, 7, 6])], { auto_pad, kernel_shape: [4, 3], strides: [2, 3] });
}
add("Conv", [x([1, 2, 4, 4, 4]), x([3, 2, 2, 2, 2])], { strides: [1, 2, 1] });
add("ConvTranspose", [x([1, 3, 5]), x([3, 2, 3])], { strides: [2] });
add("ConvTranspose", [x([1, 3, 4, 5]), x([3, 2, 3, 3]), x([2])], { strides: [2, 3], pads: [1, 0, 1, 2], output_padding: [1, 1] });
add("ConvTranspose", [x([1, 4, 4, 3]), x([4, 3, 3, 2])], { group: 2, dilations: [1, 2], strides: [1, 2] });
add("ConvTranspose", [x([1, 2, 4, 4]), x([2, 1, 3, 3])], { strides: [2, 2], output_shape: [8, 8] });
add("ConvTranspose", [x([1, 2, 4, 4]), x([2, 1, 3, 3])], { strides: [2, 2], auto_pad: "SAME_UPPER" });
add("ConvTranspose", [x([1, 2, 4, 4]), x([2, 1, 3, 3])], { strides: [2, 2], auto_pad: "SAME_LOWER" });
for (const op of ["MaxPool", "AveragePool"]) {
  add(op, [x([2, 3, 8])], { kernel_shape: [3] });
  add(op, [x([1, 2, 7, 8])], { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1] });
  for (const ceil_mode of [0, 1]) {
    add(op, [x([1, 1, 6, 7])], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode });
    add(op, [x([1, 1, 6, 7])], { kernel_shape: [3, 3], strides: [3, 2], pads: [1, 1, 1, 1], ceil_mode });
  }
  add(op, [x([1, 2, 9, 9])], { kernel_shape: [3, 2], dilations: [2, 3], strides: [1, 2] }, { opset: 19 });
}
add("AveragePool", [x([1, 2, 5, 5])], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 });
add(
  "AveragePool",
  [x([1, 1, 6, 6])],
  { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 0, 0], count_include_pad: 1, ceil_mode: 1 },
  { opset: 19 },
);
add("LpPool", [x([1, 2, 5, 5])], { kernel_shape: [2, 3], p: 2 });
for (const op of ["GlobalAveragePool", "GlobalMaxPool"]) add(op, [x([2, 3, 4, 5])]);

const resized = { kind: "constant" as const, array: { shape: [0], dtype: "float32" as const, data: new Float32Array(0) } };
for (const mode of ["nearest", "linear", "cubic"])
  for (const coordinate_transformation_mode of ["half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"])
    add("Resize", [x([1, 2, 4, 5]), resized, resized, i64([1, 2, 7, 3])], { mode, coordinate_transformation_mode });
for (const nearest_mode of ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
  add("Resize", [x([1, 1, 4, 5]), resized, c([1, 1, 2.5, 0.6])], { mode: "nearest", nearest_mode });
add("Resize", [x([1, 1, 4, 5]), resized, c([1, 1, 2.5, 0.6])], { mode: "linear" });
add("Resize", [x([1, 1, 4, 5]), resized, c([1, 1, 2, 2])], { mode: "cubic", cubic_coeff_a: { float: -0.5 }, exclude_outside: 1 });
add("Resize", [x([1, 4, 5, 2]), null, c([2, 2])], { mode: "nearest", axes: [1, 2] });
add("Upsample", [x([1, 1, 2, 3]), c([1, 1, 2, 2])], { mode: "nearest" }, { opset: 9 });

const [steps, batch, features, hidden] = [4, 3, 2, 5];
for (const [op, gates] of [
  ["RNN", 1],
  ["GRU", 3],
  ["LSTM", 4],
] as const) {
  const outputs = op === "LSTM" ? 3 : 2;
  for (const direction of ["forward", "reverse", "bidirectional"]) {
    const d = direction === "bidirectional" ? 2 : 1;
    const weights = [x([d, gates * hidden, features]), x([d, gates * hidden, hidden]), x([d, 2 * gates * hidden])];
    add(op, [x([steps, batch, features]), ...weights], { hidden_size: hidden, direction }, { outputs });
    const lengths: Operand = { kind: "input", array: { shape: [batch], dtype: "int32", data: Int32Array.from([4, 2, 3]) } };
    const states = [x([d, batch, hidden]), ...(op === "LSTM" ? [x([d, batch, hidden])] : [])];
    add(
      op,
      [x([steps, batch, features]), weights[0]!, weights[1]!, null, lengths, ...states],
      { hidden_size: hidden, direction },
      { outputs },
    );
  }
  const one = [x([1, gates * hidden, features]), x([1, gates * hidden, hidden])];
  add(op, [x([steps, batch, features]), ...one], { hidden_size: hidden, clip: { float: 0.4 } }, { outputs });
  if (op === "GRU")
    add(op, [x([steps, batch, features]), ...one, x([1, 6 * hidden])], { hidden_size: hidden, linear_before_reset: 1 }, { outputs });
  if (op === "LSTM") {
    add(op, [x([steps, batch, features]), ...one, null, null, null, null, x([1, 3 * hidden])], { hidden_size: hidden }, { outputs });
    add(
      op,
      [x([steps, batch, features]), ...one],
      { hidden_size: hidden, activations: { texts: ["HardSigmoid", "Relu", "Softsign"] } },
      { outputs },
    );
  }
}

beforeAll(() => setBackend("reference"));

describe("operators of ONNX mean what they mean in onnxruntime", () => {
  const byName = new Map<string, OnnxCase[]>();
  for (const entry of cases) byName.set(entry.operator, [...(byName.get(entry.operator) ?? []), entry]);
  it.each([...byName])("%s", async (_name, list) => {
    for (const entry of list) {
      const fed = entry.inputs.filter((operand): operand is Operand & object => operand?.kind === "input");
      const note = `${JSON.stringify(entry.attributes)} opset ${entry.opset ?? 18} of ${entry.inputs.map((operand) => (operand === null ? "-" : `[${operand.array.shape.join()}]`)).join(" ")}`;
      expect(await compareCase(encodeCase(entry), fed), note).toBeNull();
    }
  });
});
