/** TensorFlow's functions between layers of Keras 2 (TFOpLambda, SlicingOpLambda) as operations of Keras 3. */
import { UnknownNameError } from "../../errors.ts";
import { isPlainObject } from "../../graph/index.ts";
import type { Config } from "../../serialization/index.ts";
import { placeholders } from "./keras2-calls.ts";

interface Row {
  readonly module: "numpy" | "nn" | "core" | "math";
  readonly className: string;
  /** Keras's names of arguments, by TensorFlow's; null: without meaning here. Others than these must be null. */
  readonly renamed: Readonly<Record<string, string | null>>;
  /** Arguments whose default differs. */
  readonly defaults: Config;
}

const row = (module: Row["module"], className: string, renamed: Row["renamed"] = {}, defaults: Config = {}): Row => ({
  module,
  className,
  renamed,
  defaults,
});
const unary = (className: string): Row => row("numpy", className);
const binary = (className: string): Row => row("numpy", className, { y: "x2" });
const reduced = (className: string): Row => row("numpy", className, { axis: "axis", keepdims: "keepdims" });
const axis = { axis: "axis" };
const transposed = row("numpy", "Transpose", { perm: "axes", conjugate: null });
const squeezed = row("numpy", "Squeeze", axis);

/** By TensorFlow's names. */
export const tensorflowFunctions: Readonly<Record<string, Row>> = {
  "__operators__.add": binary("Add"),
  "math.add": binary("Add"),
  "math.subtract": binary("Subtract"),
  "math.multiply": binary("Multiply"),
  "math.divide": binary("Divide"),
  "math.truediv": binary("TrueDivide"),
  "math.floordiv": binary("FloorDivide"),
  "math.floormod": binary("Mod"),
  "math.pow": binary("Power"),
  "math.maximum": binary("Maximum"),
  "math.minimum": binary("Minimum"),
  "math.equal": binary("Equal"),
  "math.not_equal": binary("NotEqual"),
  "__operators__.eq": row("numpy", "Equal", { other: "x2" }),
  "__operators__.ne": row("numpy", "NotEqual", { other: "x2" }),
  "math.greater": binary("Greater"),
  "math.greater_equal": binary("GreaterEqual"),
  "math.less": binary("Less"),
  "math.less_equal": binary("LessEqual"),
  "math.logical_and": binary("LogicalAnd"),
  "math.logical_or": binary("LogicalOr"),
  "math.logical_not": unary("LogicalNot"),
  "math.negative": unary("Negative"),
  "math.abs": unary("Absolute"),
  "math.exp": unary("Exp"),
  "math.expm1": unary("Expm1"),
  "math.log": unary("Log"),
  "math.log1p": unary("Log1p"),
  "math.sqrt": unary("Sqrt"),
  "math.square": unary("Square"),
  "math.rsqrt": row("math", "Rsqrt"),
  "math.reciprocal": unary("Reciprocal"),
  "math.sign": unary("Sign"),
  "math.sin": unary("Sin"),
  "math.cos": unary("Cos"),
  "math.tanh": unary("Tanh"),
  "math.floor": unary("Floor"),
  "math.ceil": unary("Ceil"),
  "math.round": unary("Round"),
  "math.sigmoid": row("nn", "Sigmoid"),
  "math.softplus": row("nn", "Softplus"),
  "nn.relu": row("nn", "Relu"),
  "nn.relu6": row("nn", "Relu6"),
  "nn.elu": row("nn", "Elu"),
  "nn.selu": row("nn", "Selu"),
  "nn.silu": row("nn", "Silu", { beta: null }),
  "nn.gelu": row("nn", "Gelu", { approximate: "approximate" }, { approximate: false }),
  "nn.leaky_relu": row("nn", "LeakyRelu", { alpha: "negative_slope" }, { negative_slope: 0.2 }),
  "nn.softmax": row("nn", "Softmax", axis),
  "nn.log_softmax": row("nn", "LogSoftmax", axis),
  "math.reduce_mean": reduced("Mean"),
  "math.reduce_sum": reduced("Sum"),
  "math.reduce_max": reduced("Max"),
  "math.reduce_min": reduced("Min"),
  "math.reduce_prod": reduced("Prod"),
  "math.reduce_std": reduced("Std"),
  "math.reduce_variance": reduced("Var"),
  "math.reduce_any": reduced("Any"),
  "math.reduce_all": reduced("All"),
  "math.cumsum": row("numpy", "Cumsum", axis),
  clip_by_value: row("numpy", "Clip", { clip_value_min: "x_min", clip_value_max: "x_max" }),
  concat: row("numpy", "Concatenate", axis),
  stack: row("numpy", "Stack", axis, { axis: 0 }),
  expand_dims: row("numpy", "ExpandDims", axis),
  squeeze: squeezed,
  "compat.v1.squeeze": squeezed,
  reshape: row("numpy", "Reshape", { shape: "newshape" }),
  transpose: transposed,
  "compat.v1.transpose": transposed,
  tile: row("numpy", "Tile", { multiples: "repeats" }),
  reverse: row("numpy", "Flip", axis),
  "linalg.matmul": row("numpy", "Matmul", { b: "x2" }),
  cast: row("core", "Cast", { dtype: "dtype" }),
  zeros_like: unary("ZerosLike"),
  ones_like: unary("OnesLike"),
};

/** What the entry of a function of TensorFlow's is in Keras 3; null for layers. Throws UnknownNameError for functions that are not here. */
export function keras2Operation(className: string, config: Config, calls: unknown): Config | null {
  if (className !== "TFOpLambda" && className !== "SlicingOpLambda") return null;
  const { function: called, name } = config;
  const slices = called === "__operators__.getitem";
  const found = Object.hasOwn(tensorflowFunctions, String(called)) ? tensorflowFunctions[String(called)]! : null;
  const described = slices ? row("numpy", "GetItem") : found;
  if (described === null) throw unknown(String(name), String(called), "functions that Keras 3 has too");
  const { module, className: own } = described;
  const inbound = (Array.isArray(calls) ? calls : []).map((call) =>
    slices ? slice(call) : operationCall(described, call, (problem) => unknown(String(name), `${String(called)}: ${problem}`, "")),
  );
  return { module: `keras.src.ops.${module}`, class_name: own, config: { name }, registered_name: own, inbound_nodes: inbound };
}

function unknown(name: string, received: string, expected: string): UnknownNameError {
  return new UnknownNameError({
    where: `the layer "${name}"`,
    problem: "a function of TensorFlow stands between the layers, and is not known here",
    ...(expected === "" ? {} : { expected }),
    received,
    advice: "make the model with layers, or with operations of keras.ops, and save it anew",
  });
}

function operationCall({ renamed, defaults }: Row, call: unknown, refuse: (problem: string) => Error): Config {
  const { value, kwargs } = placeholders(call);
  const given: Config = { ...defaults };
  for (const [key, argument] of Object.entries(kwargs)) {
    const name = Object.hasOwn(renamed, key) ? renamed[key]! : undefined;
    // Keras's own names of the operation in the graph, switches that are off.
    if (name === null || key === "name" || argument === null || (name === undefined && argument === false)) continue;
    if (name === undefined) throw refuse(`${key} = ${JSON.stringify(argument)}`);
    given[name] = argument;
  }
  return { args: [value], kwargs: given };
}

/** `x[..., 0:2]`. */
function slice(call: unknown): Config {
  const { value, kwargs } = placeholders(call);
  const spec = kwargs.slice_spec;
  const part = (index: unknown): unknown =>
    isPlainObject(index) && !("class_name" in index)
      ? { class_name: "__slice__", config: { start: index.start ?? null, stop: index.stop ?? null, step: index.step ?? null } }
      : index;
  return { args: [value, Array.isArray(spec) ? spec.map(part) : part(spec)], kwargs: {} };
}
