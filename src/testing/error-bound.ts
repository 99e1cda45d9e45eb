/**
 * What a graph means exactly, and how far a correct back-end may be from it: a forward error analysis, element by
 * element. Every value is computed in float64; beside it stands a bound of the error that rounding may have made so far.
 * An operation passes on its inputs' errors and adds its own:
 *
 * - data movement moves errors with their elements;
 * - sums of n terms add n eps (sum of magnitudes), whatever the order of the sum (Higham, Accuracy and Stability of
 *   Numerical Algorithms, 4.2); products of sums as |a| e(b) + e(a) |b| + n eps |a| |b|;
 * - scalar operations are evaluated at the ends of the error intervals and add their documented units in the last place;
 * - where a decision (a comparison, an argmax, a conversion to an integer) could fall either way the bound is infinite,
 *   as it is for everything that depends on it: such elements are not compared.
 */
import type { DType } from "../dtype/index.ts";
import { isFloat } from "../dtype/index.ts";
import type { Subgraph } from "../graph/index.ts";
import { type Attributes, type NdArray, type Node, type ScalarOp, type TensorType, typeOf } from "../graph/index.ts";
import type { CondAttributes } from "../primitives/cond.ts";
import { emptyNd } from "../primitives/define.ts";
import { allPrimitives } from "../primitives/index.ts";
import { scanAttributes } from "../primitives/scan.ts";
import type { WhileAttributes } from "../primitives/while.ts";
import { eachWindow, geometryOf } from "../primitives/window-geometry.ts";
import { widen, widenAttributes, widenType } from "./in-float64.ts";

/** An array in float64 (or exact integers), and per element the bound of what a back-end's value may differ. */
export interface Bounded {
  readonly exact: NdArray;
  /** Infinity: undecided. */
  readonly error: Float64Array;
}

/**
 * Error of each scalar operation of a back-end in units in the last place of its result (0: exact). `power` is given for
 * moderate results; it grows with the exponent, see `powerGrowth`.
 */
const unitsInLastPlace: Readonly<Record<ScalarOp, number>> = {
  add: 1, subtract: 1, multiply: 1, divide: 2, remainder: 1, power: 4, maximum: 0, minimum: 0, atan2: 4,
  negate: 0, abs: 0, sign: 0, floor: 0, ceil: 0, round: 0,
  exp: 2, expm1: 4, log: 2, log1p: 4, sqrt: 1, rsqrt: 2, tanh: 4, sigmoid: 4, erf: 4,
  sin: 2, cos: 2, tan: 4, asin: 4, acos: 4, atan: 4, sinh: 4, cosh: 4, asinh: 4, acosh: 4, atanh: 4,
  equal: 0, notEqual: 0, less: 0, lessEqual: 0, greater: 0, greaterEqual: 0,
  and: 0, or: 0, xor: 0, not: 0, shiftLeft: 0, shiftRightLogical: 0, shiftRightArithmetic: 0,
  select: 0, convert: 1, bitcast: 0, isFinite: 0,
}; // prettier-ignore

interface Precision {
  /** Unit roundoff. */
  readonly eps: number;
  /** Below this a back-end may flush to zero. */
  readonly tiny: number;
  readonly max: number;
}

const precisions: Readonly<Partial<Record<DType, Precision>>> = {
  float32: { eps: 2 ** -24, tiny: 2 ** -126, max: 3.4028234663852886e38 },
  float64: { eps: 2 ** -52, tiny: 2 ** -1022, max: Number.MAX_VALUE },
  // Subnormal float16 are kept: they lie 2^-24 apart.
  float16: { eps: 2 ** -11, tiny: 2 ** -24, max: 65504 },
  bfloat16: { eps: 2 ** -8, tiny: 2 ** -126, max: (2 - 2 ** -7) * 2 ** 127 },
};

/** Runs of the reference meaning on arrays of the same shapes, in float64. */
class Operation {
  readonly node: Node;
  readonly inputs: readonly Bounded[];
  readonly attributes: Attributes;
  readonly types: readonly TensorType[];
  /** Index inputs, conditions and other integers stay what they are when errors are passed through. */
  readonly isFloatInput: readonly boolean[];

  constructor(node: Node, inputs: readonly Bounded[]) {
    this.node = node;
    this.inputs = inputs;
    this.attributes = widenAttributes(node.attributes);
    this.types = node.types.map(widenType);
    this.isFloatInput = inputs.map((input) => isFloat(input.exact.dtype));
  }

  /** The meaning with float inputs replaced by `f(exact, error)`, element by element. */
  run(f: (exact: number, error: number, input: number) => number): Float64Array[] {
    const arrays = this.inputs.map(({ exact, error }, i): NdArray => {
      if (!this.isFloatInput[i]) return exact;
      return { ...exact, data: Float64Array.from(exact.data, (value, at) => f(value, error[at]!, i)) };
    });
    return this.meaning(arrays).map((array) => Float64Array.from(array.data));
  }

  meaning(arrays: readonly NdArray[]): readonly NdArray[] {
    return this.node.primitive.reference(arrays, this.attributes, this.types, () => {
      throw new Error("loops are analysed step by step");
    });
  }
}

/** Exact values of the results of `graph` at `args`, with bounds of the error that a back-end may have made. */
export function errorBounds(graph: Subgraph, args: readonly NdArray[]): Bounded[] {
  return analyse(graph, args.map(exactly));
}

/** Values that are given: without error, but that subnormals may be flushed. */
function exactly(array: NdArray): Bounded {
  const { tiny } = precisions[array.dtype] ?? { tiny: 0 };
  const error = Float64Array.from(array.data, (value) => (Math.abs(value) < tiny ? Math.abs(value) : 0));
  return { exact: widen(array), error };
}

function analyse(graph: Subgraph, args: readonly Bounded[]): Bounded[] {
  const values = new Map<Node, (Bounded | undefined)[]>();
  graph.parameters.forEach((parameter, i) => {
    const outputs = values.get(parameter.node) ?? [];
    outputs[parameter.index] = args[i]!;
    values.set(parameter.node, outputs);
  });
  const needed = new Set<Node>();
  const pending = [...graph.results];
  while (pending.length > 0) {
    const tensor = pending.pop()!;
    const { node, index } = tensor;
    if (values.get(node)?.[index] !== undefined || needed.has(node)) continue;
    const given = node.values[index];
    if (given !== undefined) {
      const outputs = values.get(node) ?? [];
      outputs[index] = exactly({ ...typeOf(tensor), data: given });
      values.set(node, outputs);
      continue;
    }
    needed.add(node);
    pending.push(...node.inputs);
  }
  for (const node of [...needed].sort((a, b) => a.id - b.id)) {
    const inputs = node.inputs.map((input) => values.get(input.node)![input.index]!);
    const outputs = analyseNode(node, inputs).map((bounded, i) => settle(bounded, node.types[i]!));
    const before = values.get(node);
    values.set(node, before === undefined ? outputs : outputs.map((output, i) => before[i] ?? output));
  }
  return graph.results.map((result) => values.get(result.node)![result.index]!);
}

/** Overflow, flushed subnormals, and integers that are not certain. */
function settle({ exact, error }: Bounded, type: TensorType): Bounded {
  const precision = precisions[type.dtype];
  const data = exact.data;
  for (let at = 0; at < error.length; at++) {
    const value = data[at]!;
    if (Number.isNaN(error[at]!)) error[at] = Infinity;
    if (precision === undefined) {
      if (error[at] !== 0) error[at] = Infinity;
      continue;
    }
    const { max, tiny, eps } = precision;
    const magnitude = Math.abs(value);
    if (magnitude < 2 * tiny) error[at]! += Math.min(magnitude, tiny);
    if (!Number.isFinite(value)) {
      if (error[at] !== 0) error[at] = Infinity;
    } else if (magnitude + error[at]! > max) {
      // Certainly over the edge, or nobody knows.
      if (magnitude - error[at]! > max * (1 + eps)) {
        data[at] = Math.sign(value) * Infinity;
        error[at] = 0;
      } else error[at] = Infinity;
    }
  }
  return { exact, error };
}

function analyseNode(node: Node, inputs: readonly Bounded[]): Bounded[] {
  const { lowering } = node.primitive;
  if (lowering.kind === "scan" || lowering.kind === "while" || lowering.kind === "cond") return analyseLoop(node, inputs);
  const operation = new Operation(node, lowering.kind === "identity" ? inputs.slice(0, 1) : inputs);
  if (lowering.kind === "scalar" && lowering.op === "bitcast") return [bitcast(operation)];
  const exact = operation.meaning(operation.inputs.map((input) => input.exact));
  // Integers that are not certain decide everything that is computed from them.
  const undecided = operation.inputs.some((input, i) => !operation.isFloatInput[i] && input.error.includes(Infinity));
  if (undecided && lowering.kind !== "scalar" && movesOnly(lowering.kind) === false) {
    return exact.map((array) => ({ exact: array, error: new Float64Array(array.data.length).fill(Infinity) }));
  }
  if (lowering.kind === "sort") return sorted(operation, exact);
  return exact.map((array, i) => ({ exact: array, error: errorOf(operation, array, node.types[i]!) }));
}

/** A value of a given rank moves by no more than the largest error; which element has the rank is then open. */
function sorted(operation: Operation, exact: readonly NdArray[]): Bounded[] {
  const largest = operation.inputs[0]!.error.reduce((a, b) => Math.max(a, b), 0);
  const open = [largest, largest > 0 ? Infinity : 0];
  return exact.map((array, i) => ({ exact: array, error: new Float64Array(array.data.length).fill(open[i]!) }));
}

/** Kinds whose integer inputs are data, moved with their certainty, and not places. */
function movesOnly(kind: string): boolean {
  return kind === "identity" || kind === "reshape" || kind === "view" || kind === "concatenate";
}

function errorOf(operation: Operation, exact: NdArray, type: TensorType): Float64Array {
  const { lowering } = operation.node.primitive;
  const { eps = 0, tiny = 0 } = precisions[type.dtype] ?? {};
  const errors = (): Float64Array => operation.run((_, error) => error)[0]!;
  const magnitudes = (): Float64Array => operation.run((value) => Math.abs(value))[0]!;
  /** Passed on errors and those of a sum of `terms`. */
  const summed = (terms: number): Float64Array => {
    const sum = magnitudes();
    return errors().map((error, at) => (Number.isFinite(exact.data[at]!) ? error + terms * (eps * sum[at]! + tiny) : error));
  };
  switch (lowering.kind) {
    case "leaf":
    case "rngBits":
      return new Float64Array(exact.data.length);
    case "constant":
    case "iota":
      return Float64Array.from(exact.data, (value) => (Number.isFinite(value) && Math.fround(value) !== value ? Math.abs(value) * eps : 0));
    case "scalar":
      return scalarError(operation, lowering.op, exact, eps, tiny);
    case "identity":
    case "reshape":
    case "view":
    case "concatenate":
      return movedError(operation);
    case "gather":
    case "windowGather":
      return isFloat(type.dtype) ? errors() : certainty(operation, exact);
    case "reduce":
      switch (lowering.reducer) {
        case "sum":
          return isFloat(type.dtype) ? summed(termsPerResult(operation, exact)) : certainty(operation, exact);
        case "prod":
          return isFloat(type.dtype)
            ? productError(operation, exact, termsPerResult(operation, exact), eps, tiny)
            : certainty(operation, exact);
        case "max":
        case "min":
          return isFloat(type.dtype) ? extremumError(operation, exact, "reduceMax") : certainty(operation, exact);
        case "any":
        case "all":
          return certainty(operation, exact);
        case "argmax":
        case "argmin":
          return argumentError(operation, exact, lowering.reducer === "argmax" ? 1 : -1);
      }
    // falls through: every reducer returned
    case "cumulative": {
      if (!isFloat(type.dtype)) return certainty(operation, exact);
      const terms = exact.shape[operation.attributes.axis as number]!;
      if (lowering.reducer === "sum") return summed(terms);
      if (lowering.reducer === "prod") return productError(operation, exact, terms, eps, tiny);
      return extremumError(operation, exact, "cumulativeMax");
    }
    case "windowSum":
      return isFloat(type.dtype) ? summed(size(lowering.geometry(operation.attributes).window)) : certainty(operation, exact);
    case "sort":
      throw new Error("both outputs of a sort are bounded together");
    case "windowMax":
      throw new Error("windowMax is the compiler's, no primitive lowers to it");
    case "windowArgmax":
      return windowArgmaxError(operation, exact);
    case "windowScatter":
    case "scatter": {
      if (!isFloat(type.dtype)) return certainty(operation, exact);
      const inexact = lowering.kind === "windowScatter" || lowering.mode === "add";
      // An element may receive every update.
      const updates = operation.inputs.at(lowering.kind === "scatter" ? 2 : 0)!;
      return inexact ? summed(1 + updates.exact.data.length) : errors();
    }
    case "contract": {
      if (!isFloat(type.dtype)) return certainty(operation, exact);
      const contraction = lowering.contraction(
        operation.inputs.map((input) => input.exact),
        exact,
        operation.attributes,
      );
      // Where a window lies in padding or dilation, a back-end may multiply the zero there or leave it out: with an
      // infinite or NaN partner the two differ.
      const skips = [...contraction.lhs, ...contraction.rhs].some(({ guarded = false, divisor = 1 }) => guarded || divisor > 1);
      if (skips && operation.inputs.some((input) => !input.exact.data.every((x: number) => Number.isFinite(x)))) {
        return new Float64Array(exact.data.length).fill(Infinity);
      }
      const terms = size(contraction.axes.filter((axis) => axis.role === "k").map((axis) => axis.extent));
      const both = magnitudes();
      const grown = operation.run((value, error) => Math.abs(value) + error)[0]!;
      const certain = operation.inputs.every((input) => input.error.every((error) => error === 0));
      return both.map((sum, at) => {
        if (!Number.isFinite(exact.data[at]!)) return certain ? 0 : Infinity;
        return grown[at]! - sum + terms * (eps * grown[at]! + tiny);
      });
    }
    case "scan":
    case "while":
    case "cond":
      throw new Error("loops are analysed step by step");
  }
}

function size(extents: readonly number[]): number {
  return extents.reduce((product, extent) => product * extent, 1);
}

/** Elements of the operand per element of the result. */
function termsPerResult(operation: Operation, exact: NdArray): number {
  return exact.data.length === 0 ? 0 : operation.inputs[0]!.exact.data.length / exact.data.length;
}

/** The errors, moved as their elements are; also of integers (infinite or zero). */
function movedError(operation: Operation): Float64Array {
  const arrays = operation.inputs.map(({ exact, error }): NdArray => ({ shape: exact.shape, dtype: "float64", data: error }));
  const types = operation.types.map((type): TensorType => ({ ...type, dtype: "float64" }));
  const [moved] = operation.node.primitive.reference(arrays, operation.attributes, types, () => []);
  return Float64Array.from(moved!.data);
}

/** Zero where all inputs are certain; infinite everywhere otherwise. */
function certainty(operation: Operation, exact: NdArray): Float64Array {
  const certain = operation.inputs.every((input) => input.error.every((error) => error === 0));
  return new Float64Array(exact.data.length).fill(certain ? 0 : Infinity);
}

/** Error of a product of many: every factor may be larger by its error. */
function productError(operation: Operation, exact: NdArray, terms: number, eps: number, tiny: number): Float64Array {
  const product = operation.run((value) => Math.abs(value))[0]!;
  const grown = operation.run((value, error) => Math.abs(value) + error)[0]!;
  const certain = operation.inputs.every((input) => input.error.every((error) => error === 0));
  return grown.map((value, at) => {
    if (!Number.isFinite(exact.data[at]!)) return certain ? 0 : Infinity;
    return value - product[at]! + terms * (eps * value + tiny);
  });
}

/** A maximum differs by at most the largest error among its candidates. */
function extremumError(operation: Operation, exact: NdArray, combine: "reduceMax" | "cumulativeMax"): Float64Array {
  const input = operation.inputs[0]!;
  const primitive = allPrimitives.find((candidate) => candidate.name === combine)!;
  const errors: NdArray = { shape: input.exact.shape, dtype: "float64", data: input.error };
  const [largest] = primitive.reference([errors], operation.attributes, operation.types, () => []);
  return Float64Array.from(largest!.data, (error, at) => (Number.isFinite(exact.data[at]!) || error > 0 ? Math.max(error, 0) : 0));
}

/** Undecided unless the chosen element beats all others by more than their errors. */
function argumentError(operation: Operation, exact: NdArray, sign: 1 | -1): Float64Array {
  const { exact: x, error } = operation.inputs[0]!;
  if (error.every((e) => e === 0)) return new Float64Array(exact.data.length);
  const axis = operation.attributes.axis as number;
  const extent = x.shape[axis]!;
  const inner = size(x.shape.slice(axis + 1));
  return Float64Array.from(exact.data, (chosen, i) => {
    const origin = Math.floor(i / inner) * extent * inner + (i % inner);
    const places = Array.from({ length: extent }, (_, at) => origin + at * inner);
    return decided(places, places[chosen]!, x, error, sign) ? 0 : Infinity;
  });
}

function windowArgmaxError(operation: Operation, exact: NdArray): Float64Array {
  const { exact: x, error } = operation.inputs[0]!;
  const out = new Float64Array(exact.data.length);
  if (error.every((e) => e === 0)) return out;
  eachWindow(x.shape, exact.shape, geometryOf(operation.attributes), (outAt, places) => {
    const inside = Array.from(places).filter((place) => place >= 0);
    out[outAt] = decided(inside, places[exact.data[outAt]!]!, x, error, 1) ? 0 : Infinity;
  });
  return out;
}

/** Whether `chosen` is the largest (sign -1: smallest) of `places` wherever their errors put them. */
function decided(places: readonly number[], chosen: number, x: NdArray, error: Float64Array, sign: 1 | -1): boolean {
  const least = sign * x.data[chosen]! - error[chosen]!;
  return places.every((place) => {
    if (place === chosen) return true;
    const most = sign * x.data[place]! + error[place]!;
    // Equal values without errors are a tie that the rule (the first) decides.
    return most < least || (most === least && error[place] === 0 && error[chosen] === 0);
  });
}

const comparisons: ReadonlySet<ScalarOp> = new Set(["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"]);

function scalarError(operation: Operation, op: ScalarOp, exact: NdArray, eps: number, tiny: number): Float64Array {
  const { inputs } = operation;
  const out = new Float64Array(exact.data.length);
  if (op === "select") {
    const [condition, x, y] = inputs as [Bounded, Bounded, Bounded];
    return out.map((_, at) => {
      const both = Math.max(x.error[at]!, y.error[at]!) + Math.abs(x.exact.data[at]! - y.exact.data[at]!);
      if (condition.error[at] !== 0) return both;
      return condition.exact.data[at] !== 0 ? x.error[at]! : y.error[at]!;
    });
  }
  const units = unitsInLastPlace[op];
  const noisy = inputs.some((input) => input.error.some((error) => error !== 0));
  // At the ends of the error intervals.
  const corners: Float64Array[] = [];
  if (noisy) {
    for (let corner = 0; corner < 2 ** inputs.length; corner++) {
      corners.push(operation.run((value, error, input) => value + ((corner >> input) & 1 ? error : -error))[0]!);
    }
  }
  for (let at = 0; at < out.length; at++) {
    const value = exact.data[at]!;
    let spread = 0;
    for (const corner of corners) {
      const difference = Object.is(corner[at], value) ? 0 : Math.abs(corner[at]! - value);
      spread = Number.isNaN(difference) ? Infinity : Math.max(spread, difference);
    }
    if (inputs.some((input) => input.error[at] === Infinity)) spread = Infinity;
    const total = inputs.reduce((sum, input) => sum + input.error[at]!, 0);
    if (total > 0) {
      const x = inputs[0]!.exact.data[at]!;
      const distance = comparisons.has(op)
        ? Math.abs(x - inputs[1]!.exact.data[at]!)
        : op === "convert" && exact.dtype === "bool"
          ? Math.abs(x)
          : Infinity;
      if (distance <= total) spread = Infinity;
    }
    const rounding = units > 0 && eps > 0 && Number.isFinite(value) ? units * 2 * eps * Math.abs(value) * growth(op, inputs, at) + tiny : 0;
    out[at] = spread + rounding;
  }
  return out;
}

/** x^y is e^(y ln x): the rounding of the exponent becomes a relative error of the result. */
function growth(op: ScalarOp, inputs: readonly Bounded[], at: number): number {
  if (op !== "power") return 1;
  const exponent = inputs[1]!.exact.data[at]! * Math.log(Math.abs(inputs[0]!.exact.data[at]!));
  return Number.isFinite(exponent) ? 1 + Math.abs(exponent) : 1;
}

/** Bits of float32 values: exact where the value is. */
function bitcast(operation: Operation): Bounded {
  const { exact, error } = operation.inputs[0]!;
  const type = operation.node.types[0]!;
  const narrow: NdArray = exact.dtype === "float64" ? { ...exact, dtype: "float32", data: Float32Array.from(exact.data) } : exact;
  const [bits] = operation.node.primitive.reference([narrow], operation.node.attributes, [type], () => []);
  return { exact: widen(bits!), error: error.map((e) => (e === 0 ? 0 : Infinity)) };
}

function analyseLoop(node: Node, inputs: readonly Bounded[]): Bounded[] {
  switch (node.primitive.lowering.kind) {
    case "scan":
      return analyseScan(node, inputs);
    case "while":
      return analyseWhile(node, inputs);
    default:
      return analyseCond(node, inputs);
  }
}

/** Results that depend on a decision that could fall either way. */
function undecidedLike(results: readonly Bounded[]): Bounded[] {
  return results.map(({ exact, error }) => ({ exact, error: new Float64Array(error.length).fill(Infinity) }));
}

function analyseCond(node: Node, inputs: readonly Bounded[]): Bounded[] {
  const { then, else: otherwise } = node.attributes as CondAttributes;
  const [predicate, ...operands] = inputs;
  const results = analyse(predicate!.exact.data[0] !== 0 ? then : otherwise, operands);
  return predicate!.error[0] === 0 ? results : undecidedLike(results);
}

function analyseWhile(node: Node, inputs: readonly Bounded[]): Bounded[] {
  const { condition, body, maximumIterations } = node.attributes as WhileAttributes;
  const constants = inputs.slice(body.results.length);
  let state = inputs.slice(0, body.results.length);
  for (let i = 0; maximumIterations === null || i < maximumIterations; i++) {
    const [go] = analyse(condition, [...state, ...constants]);
    if (go!.error[0] !== 0) return undecidedLike(state);
    if (go!.exact.data[0] === 0) break;
    state = analyse(body, [...state, ...constants]);
  }
  return state;
}

/** The body's errors, step after step. */
function analyseScan(node: Node, inputs: readonly Bounded[]): Bounded[] {
  const { body, carries, xs, length, reverse } = scanAttributes(node.attributes);
  let state = inputs.slice(0, carries);
  const stacked = node.types
    .slice(carries)
    .map((type): Bounded => ({ exact: emptyNd(widenType(type)), error: new Float64Array(size(type.shape)) }));
  for (let i = 0; i < length; i++) {
    const step = reverse ? length - 1 - i : i;
    const slices = inputs.slice(carries, carries + xs).map((x) => sliceAt(x, step));
    const results = analyse(body, [...state, ...slices, ...inputs.slice(carries + xs)]);
    state = results.slice(0, carries);
    results.slice(carries).forEach(({ exact, error }, j) => {
      stacked[j]!.exact.data.set(exact.data, step * error.length);
      stacked[j]!.error.set(error, step * error.length);
    });
  }
  return [...state, ...stacked];
}

function sliceAt({ exact, error }: Bounded, step: number): Bounded {
  const shape = exact.shape.slice(1);
  const from = step * size(shape);
  const to = from + size(shape);
  return { exact: { ...exact, shape, data: exact.data.subarray(from, to) }, error: error.subarray(from, to) };
}
