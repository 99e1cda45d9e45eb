/** Loops over time: a body applied step by step, with carried state. */
import { isFloat } from "../dtype/index.ts";
import { DTypeError, ShapeError, ValueError } from "../errors.ts";
import {
  apply,
  type Attributes,
  formatShape,
  type NdArray,
  type Primitive,
  sameShape,
  sizeOf,
  type Subgraph,
  type Tensor,
  type TensorType,
  typeOf,
} from "../graph/index.ts";
import { definePrimitive, emptyNd, whereOf } from "./define.ts";
import { scanGradient } from "./scan-gradient.ts";
import { hoistScan } from "./scan-hoist.ts";
import type { ScanParts } from "./scan-parts.ts";
import { withResiduals } from "./scan-residuals.ts";
import { scanSamples } from "./scan-samples.ts";
import { sinkScan } from "./scan-sink.ts";

/** Attributes of a scan node; inputs are init, xs, constants, outputs the last carries and the stacked ys. */
export type ScanAttributes = {
  readonly body: Subgraph;
  /** How many inputs are carries, */
  readonly carries: number;
  /** and how many are xs. */
  readonly xs: number;
  readonly length: number;
  readonly reverse: boolean;
};

const NAME = "scan";

/** The attributes of a scan node, with their types. */
export function scanAttributes(attributes: Attributes): ScanAttributes {
  return attributes as ScanAttributes;
}

/** Throws unless a body's parameter or result (`what`) has the type of what it is bound to. */
export function expectBound(name: string, what: string, expected: TensorType, received: TensorType): void {
  if (expected.dtype !== received.dtype) {
    throw new DTypeError({
      where: whereOf(name),
      problem: `${what} has the wrong dtype`,
      expected: expected.dtype,
      received: received.dtype,
      advice: "a carry keeps its dtype from step to step: convert it in the body",
    });
  }
  if (!sameShape(expected.shape, received.shape)) {
    throw new ShapeError({
      where: whereOf(name),
      problem: `${what} has the wrong shape`,
      expected: formatShape(expected.shape),
      received: formatShape(received.shape),
      advice: "a carry keeps its shape from step to step",
    });
  }
}

/** Throws ValueError unless a list of parameters or results (`what`) has `expected` entries. */
export function expectCount(name: string, what: string, expected: number, received: number): void {
  if (expected === received) return;
  throw new ValueError({
    where: whereOf(name),
    problem: `the number of ${what} is wrong`,
    expected: String(expected),
    received: String(received),
    advice: "check what the body takes and returns",
  });
}

function infer(inputs: readonly TensorType[], attributes: Attributes): TensorType[] {
  const { body, carries, xs, length } = scanAttributes(attributes);
  expectCount(NAME, "the body's parameters", inputs.length, body.parameters.length);
  if (!Number.isInteger(length) || length < 0) {
    throw new ValueError({
      where: whereOf(NAME),
      problem: "the length is no number of steps",
      expected: "an integer from 0",
      received: String(length),
      advice: "give the number of steps",
    });
  }
  if (body.results.length < carries) expectCount(NAME, "new carries that the body returns", carries, body.results.length);
  body.parameters.forEach((parameter, i) => {
    const input = inputs[i]!;
    const isX = i >= carries && i < carries + xs;
    if (isX && input.shape[0] !== length) {
      throw new ShapeError({
        where: whereOf(NAME),
        problem: `array ${i - carries} does not have one slice per step`,
        expected: `[${length}, ...]`,
        received: formatShape(input.shape),
        advice: "the first axis of every array that is scanned is time",
      });
    }
    expectBound(
      NAME,
      `what the body's parameter ${i} is bound to`,
      typeOf(parameter),
      isX ? { dtype: input.dtype, shape: input.shape.slice(1) } : input,
    );
  });
  return body.results.map((result, i) => {
    const type = typeOf(result);
    if (i >= carries) return { dtype: type.dtype, shape: [length, ...type.shape] };
    expectBound(NAME, `carry ${i}`, inputs[i]!, type);
    return type;
  });
}

/** Slice `step` of an array, which shares its memory. */
function sliceAt(x: NdArray, step: number): NdArray {
  const shape = x.shape.slice(1);
  const size = sizeOf(shape);
  return { dtype: x.dtype, shape, data: x.data.subarray(step * size, (step + 1) * size) };
}

/**
 * `carries, y[t] = body(carries, x[t], constants)` for every step t. Besides what the user asked for, scans that `scan`
 * builds return what their gradient will need (see scan-residuals.ts); the compiler drops outputs that nobody uses.
 */
export const scanPrimitive: Primitive = definePrimitive({
  name: NAME,
  infer,
  gradient: (context) => scanGradient(context),
  reference: (inputs, attributes, types, run) => {
    const { body, carries, xs, length, reverse } = scanAttributes(attributes);
    let state = inputs.slice(0, carries);
    const stacked = types.slice(carries).map(emptyNd);
    const constants = inputs.slice(carries + xs);
    for (let i = 0; i < length; i++) {
      const step = reverse ? length - 1 - i : i;
      const results = run(body, [...state, ...inputs.slice(carries, carries + xs).map((x) => sliceAt(x, step)), ...constants]);
      state = results.slice(0, carries);
      results.slice(carries).forEach((y, j) => stacked[j]!.data.set(y.data, step * y.data.length));
    }
    return [...state, ...stacked];
  },
  lowering: { kind: "scan" },
  samples: () => scanSamples(),
});

/** A scan node as it stands, with all its outputs. */
export function plainScan({ body, init, xs, constants, length, reverse }: ScanParts): Tensor[] {
  const attributes: ScanAttributes = { body, carries: init.length, xs: xs.length, length, reverse };
  return apply(scanPrimitive, [...init, ...xs, ...constants], attributes);
}

/**
 * `body(constants)` as a block of its own, which the compiler neither shares values with nor moves work out of. Each result
 * has a first axis of extent 1. Has gradients.
 */
export function onceScan(body: Subgraph, constants: readonly Tensor[]): Tensor[] {
  const visible = body.results.length;
  return plainScan(withResiduals({ body, init: [], xs: [], constants, length: 1, reverse: false })).slice(0, visible);
}

/** What a scan is built from; `constants` and `reverse` may be left out. */
export interface ScanOptions {
  readonly init: readonly Tensor[];
  readonly xs: readonly Tensor[];
  readonly constants?: readonly Tensor[];
  /** Number of steps. Default: the first extent of the xs. */
  readonly length?: number;
  readonly reverse?: boolean;
}

/**
 * Applies `body` for every slice of the xs: `carries, y[t] = body(carries, x[t], constants)`; from the last slice to the
 * first where `reverse`. Products of slices with constants leave the loop: they are computed for all steps at once, before
 * it (`hoistScan`) or after it (`sinkScan`). Has gradients.
 *
 * Shapes: init [c...], xs [length, s...], body (c..., s..., constants...) -> (c..., y...) -> [c..., [length, y...]...].
 * Throws ShapeError, DTypeError or ValueError where the body's parameters and results do not fit.
 */
export function scan(body: Subgraph, options: ScanOptions): Tensor[] {
  const { init, xs, constants = [], reverse = false } = options;
  const length = options.length ?? xs[0]?.shape[0] ?? NaN;
  const given: ScanParts = { body, init, xs, constants, length, reverse };
  infer([...init, ...xs, ...constants].map(typeOf), { body, carries: init.length, xs: xs.length, length, reverse });
  const { parts, finish } = sinkScan(hoistScan(given));
  const visible = parts.body.results.length;
  const differentiable = body.results.some((result) => isFloat(result.dtype));
  const outputs = plainScan(differentiable ? withResiduals(parts) : parts);
  return finish(outputs.slice(0, visible));
}
