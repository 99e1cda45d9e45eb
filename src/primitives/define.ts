/** Factories for primitives: what elementwise families share, and the checks that shape rules make. */
import { type DType, dtypes, hostArray, isShortFloat, roundToShort } from "../dtype/index.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import {
  type Attributes,
  type ConcreteShape,
  currentScope,
  formatShape,
  type NdArray,
  type Primitive,
  sameShape,
  type Sample,
  type ScalarOp,
  sizeOf,
  type Tensor,
  type TensorType,
} from "../graph/index.ts";

/** Declares a primitive. All its rules stand in this one object; results of two bytes are rounded after its meaning. */
export function definePrimitive(definition: Primitive): Primitive {
  return {
    ...definition,
    reference: (inputs, attributes, types, run) => {
      const outputs = definition.reference(inputs, attributes, types, run);
      for (const { dtype, data } of outputs) {
        if (isShortFloat(dtype)) for (let i = 0; i < data.length; i++) data[i] = roundToShort(dtype, data[i]!);
      }
      return outputs;
    },
  };
}

/** Where an error happened: the layer or operation the user wrote, and the primitive inside it. */
export function whereOf(primitive: string): string {
  const scope = currentScope();
  if (scope === "") return primitive;
  return scope === primitive || scope.endsWith(`/${primitive}`) ? scope : `${scope}/${primitive}`;
}

/** Which element types an operand may have. */
export type DTypeClass = "float" | "number" | "signed" | "integer" | "logical" | "any";

/** The dtypes of each class. `logical`: bitwise on int32, logical on bool. */
export const dtypeClasses: Readonly<Record<DTypeClass, readonly DType[]>> = {
  float: ["float32", "float64", "float16", "bfloat16"],
  number: ["float32", "float64", "float16", "bfloat16", "int32", "int8", "uint8"],
  signed: ["float32", "float64", "float16", "bfloat16", "int32", "int8"],
  integer: ["int32"],
  logical: ["bool", "int32"],
  any: ["float32", "float64", "float16", "bfloat16", "int32", "int8", "uint8", "bool"],
};

/** Throws DTypeError unless `type` is of `kind`. */
export function expectDType(primitive: string, type: TensorType, kind: DTypeClass, operand = "the operand"): void {
  const allowed = dtypeClasses[kind];
  if (allowed.includes(type.dtype)) return;
  throw new DTypeError({
    where: whereOf(primitive),
    problem: `${operand} has a dtype that this operation does not take`,
    expected: allowed.join(", "),
    received: `${type.dtype} ${formatShape(type.shape)}`,
    advice: "convert it first: ops.cast(x, dtype)",
  });
}

/** Throws DTypeError unless `type` has dtype `dtype`. */
export function expectExactDType(primitive: string, type: TensorType, dtype: DType, operand: string): void {
  if (type.dtype === dtype) return;
  throw new DTypeError({
    where: whereOf(primitive),
    problem: `${operand} has the wrong dtype`,
    expected: dtype,
    received: `${type.dtype} ${formatShape(type.shape)}`,
    advice: `convert it first: ops.cast(x, "${dtype}")`,
  });
}

/** Throws DTypeError unless all operands have one dtype. */
export function expectSameDType(primitive: string, types: readonly TensorType[]): void {
  const first = types[0]!.dtype;
  if (types.every((type) => type.dtype === first)) return;
  throw new DTypeError({
    where: whereOf(primitive),
    problem: "the operands have different dtypes",
    expected: "one dtype for all operands",
    received: types.map((type) => `${type.dtype} ${formatShape(type.shape)}`).join(" and "),
    advice: "convert one of them: ops.cast(x, dtype)",
  });
}

/** Throws ShapeError unless all operands have one shape. */
export function expectSameShape(primitive: string, types: readonly TensorType[]): void {
  const first = types[0]!.shape;
  if (types.every((type) => sameShape(type.shape, first))) return;
  throw new ShapeError({
    where: whereOf(primitive),
    problem: "the operands have different shapes",
    expected: "equal shapes",
    received: types.map((type) => formatShape(type.shape)).join(" and "),
    advice: "broadcast one of them: ops.broadcastTo(x, shape)",
  });
}

/** Throws ShapeError unless `axes` are distinct axes of a tensor of `rank`, counted from the front. */
export function expectAxes(primitive: string, axes: readonly number[], rank: number): void {
  const valid = axes.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < rank);
  if (valid && new Set(axes).size === axes.length) return;
  throw new ShapeError({
    where: whereOf(primitive),
    problem: valid ? "an axis is named twice" : "an axis does not exist",
    expected: rank === 0 ? "no axis: the tensor is a scalar" : `distinct integers from 0 to ${rank - 1}`,
    received: formatShape(axes),
    advice: "name each axis once, counted from the front",
  });
}

/** Throws ShapeError unless every extent is a non-negative integer. */
export function expectShape(primitive: string, shape: ConcreteShape): void {
  if (shape.every((extent) => Number.isInteger(extent) && extent >= 0)) return;
  throw new ShapeError({
    where: whereOf(primitive),
    problem: "the shape has an extent that is no size",
    expected: "non-negative integers",
    received: formatShape(shape),
    advice: "check the arithmetic that made the shape",
  });
}

/** A host array from numbers (booleans as 0 and 1). Without `shape`: one axis. */
export function nd(values: readonly number[], shape: ConcreteShape = [values.length], dtype: DType = "float32"): NdArray {
  const data = hostArray(dtype, sizeOf(shape));
  data.set(values);
  return { shape, dtype, data };
}

/** A new zeroed host array of `type`. */
export function emptyNd(type: TensorType): NdArray {
  return { shape: type.shape, dtype: type.dtype, data: hostArray(type.dtype, sizeOf(type.shape)) };
}

interface UnaryOptions {
  readonly name: ScalarOp;
  readonly takes: DTypeClass;
  /** Result dtype; the operand's unless given. */
  readonly gives?: DType;
  readonly reference: (x: number, dtype: DType) => number;
  /** Cotangent of x, from x, the output y and the output's cotangent. */
  readonly gradient: ((x: Tensor, y: Tensor, cotangent: Tensor) => Tensor) | null;
  /** Points where finite differences hold. */
  readonly points: readonly number[];
  /** Corners, infinities, NaN, points outside the domain. */
  readonly corners?: readonly number[];
  /** int32 points, for operations that take integers. */
  readonly integers?: readonly number[];
  /** bool points. */
  readonly booleans?: readonly number[];
}

/** An elementwise primitive of one operand. */
export function unaryPrimitive(options: UnaryOptions): Primitive {
  const { name, takes, gives, reference, gradient } = options;
  return definePrimitive({
    name,
    infer: (inputs) => {
      const x = inputs[0]!;
      expectDType(name, x, takes);
      return [{ shape: x.shape, dtype: gives ?? x.dtype }];
    },
    gradient: gradient === null ? null : ({ inputs, outputs, cotangents }) => [gradient(inputs[0]!, outputs[0]!, cotangents[0]!)],
    reference: ([x], _attributes, types) => {
      const out = emptyNd(types[0]!);
      const { data, dtype } = x!;
      for (let i = 0; i < data.length; i++) out.data[i] = reference(data[i]!, dtype);
      return [out];
    },
    lowering: { kind: "scalar", op: name },
    samples: () => elementwiseSamples(1, takes, options.points, options.corners, options.integers, options.booleans),
  });
}

interface BinaryOptions {
  readonly name: ScalarOp;
  readonly takes: DTypeClass;
  /** Result dtype; the operands' unless given. */
  readonly gives?: DType;
  readonly reference: (x: number, y: number, dtype: DType) => number;
  readonly gradient:
    ((x: Tensor, y: Tensor, out: Tensor, cotangent: Tensor, needed: readonly boolean[]) => readonly (Tensor | null)[]) | null;
  /** Pairs where finite differences hold. */
  readonly points: readonly (readonly [number, number])[];
  readonly corners?: readonly (readonly [number, number])[];
  readonly integers?: readonly (readonly [number, number])[];
  readonly booleans?: readonly (readonly [number, number])[];
}

/** An elementwise primitive of two operands of equal shape and dtype. */
export function binaryPrimitive(options: BinaryOptions): Primitive {
  const { name, takes, gives, reference, gradient } = options;
  return definePrimitive({
    name,
    infer: (inputs) => {
      const x = inputs[0]!;
      expectSameDType(name, inputs);
      expectDType(name, x, takes, "an operand");
      expectSameShape(name, inputs);
      return [{ shape: x.shape, dtype: gives ?? x.dtype }];
    },
    gradient:
      gradient === null
        ? null
        : ({ inputs, outputs, cotangents, needed }) => gradient(inputs[0]!, inputs[1]!, outputs[0]!, cotangents[0]!, needed),
    reference: ([x, y], _attributes, types) => {
      const out = emptyNd(types[0]!);
      const a = x!.data;
      const b = y!.data;
      const { dtype } = x!;
      for (let i = 0; i < a.length; i++) out.data[i] = reference(a[i]!, b[i]!, dtype);
      return [out];
    },
    lowering: { kind: "scalar", op: name },
    samples: () =>
      elementwiseSamples(2, takes, options.points.flat(), options.corners?.flat(), options.integers?.flat(), options.booleans?.flat()),
  });
}

/** A comparison of two operands of equal shape and dtype; the result is bool. NaN compares false, except as unequal. */
export function comparePrimitive(name: ScalarOp, compare: (x: number, y: number) => boolean): Primitive {
  const corners: [number, number][] = [];
  const values = [-Infinity, -1.5, -0, 0, 2, Infinity, NaN];
  for (const x of values) for (const y of values) corners.push([x, y]);
  return binaryPrimitive({
    name,
    takes: "any",
    gives: "bool",
    reference: (x, y) => (compare(x, y) ? 1 : 0),
    gradient: null,
    points: [
      [0.5, 0.25],
      [1, 2],
      [-3, -3.5],
      [7, 7.5],
    ],
    corners,
    integers: [
      [1, 2],
      [2, 2],
      [-3, 4],
      [2147483647, -2147483648],
      [-2147483648, 2147483647],
    ],
    booleans: [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ],
  });
}

/** Deinterleaves groups of `arity` numbers into operands of equal shape, for each kind of element. */
function elementwiseSamples(
  arity: number,
  takes: DTypeClass,
  points: readonly number[],
  corners: readonly number[] = [],
  integers: readonly number[] = [],
  booleans: readonly number[] = [],
): Sample[] {
  const operands = (values: readonly number[], dtype: DType, shape?: ConcreteShape): NdArray[] =>
    Array.from({ length: arity }, (_, operand) => {
      const column = values.filter((_, i) => i % arity === operand);
      return nd(column, shape ?? [column.length], dtype);
    });
  const samples: Sample[] = [];
  const first = points.slice(0, arity);
  if (points.length > 0) {
    const count = points.length / arity;
    samples.push({ inputs: operands(points, "float32") });
    if (count % 2 === 0) samples.push({ inputs: operands(points, "float32", [2, count / 2]) });
    samples.push({ inputs: operands(first, "float32", []) });
    samples.push({ inputs: operands([], "float32", [0, 3]) });
  }
  if (corners.length > 0) samples.push({ inputs: operands(corners, "float32"), differentiable: false });
  if (integers.length > 0) {
    samples.push({ inputs: operands(integers, "int32") }, { inputs: operands([], "int32", [2, 0]) });
    samples.push({ inputs: operands(integers.slice(0, arity), "int32", []) });
    const bytes = integers.map((x) => (x << 24) >> 24);
    if (dtypeClasses[takes].includes("int8")) samples.push({ inputs: operands(bytes, "int8") });
  }
  if (booleans.length > 0) samples.push({ inputs: operands(booleans, "bool") });
  return samples;
}

/** Whether `dtype` is a floating-point type. */
export function isFloatType(type: TensorType): boolean {
  return dtypes[type.dtype].kind === "float";
}

/** The list of numbers under `key`. Infer rules check attributes once; rules after them rely on it. */
export function numbers(attributes: Attributes, key: string): readonly number[] {
  return attributes[key] as readonly number[];
}
