/**
 * Symbolic calls: what happens where an operation or layer is called on tensors of a model under construction.
 * Nothing is computed: output shapes are inferred by tracing, and the call is recorded so that a model can replay it.
 */
import type { DType } from "../dtype/index.ts";
import { InternalError, StateError } from "../errors.ts";
import {
  type ConcreteShape,
  currentScope,
  flattenTree,
  formatShape,
  isPlainObject,
  isSymbolic,
  isText,
  mapTree,
  parameterTensor,
  type Shape,
  sizeOf,
  StringTensor,
  symbolicTensor,
  symbolicText,
  Tensor,
  trace,
} from "../graph/index.ts";

/** Anything that can be called on tensors: an operation, a layer, a model. */
export type Callable = (...args: never[]) => unknown;

/** How a symbolic tensor was made: output `outputIndex` of one call. All outputs of a call share the array `outputs`. */
export interface Origin {
  readonly callable: Callable;
  /** Arguments as given, symbolic tensors (inside arrays and plain objects too) included. */
  readonly args: readonly unknown[];
  /** Every symbolic output of the call, in `flattenTree`'s order of `result`. */
  readonly outputs: readonly Tensor[];
  readonly outputIndex: number;
  /** What the call returned: a tree of `outputs`. */
  readonly result: unknown;
}

/** How `tensor` was made; undefined for a model's input and for tensors that are not symbolic. */
export function originOf(tensor: Tensor): Origin | undefined {
  return isSymbolic(tensor) ? (tensor.node.origin as Origin | undefined) : undefined;
}

/** Calls what an origin recorded, on other arguments. */
export function callAgain(callable: Callable, args: readonly unknown[]): unknown {
  return (callable as (...args: readonly unknown[]) => unknown)(...args);
}

/** Whether a symbolic tensor is in `tree` (arrays and plain objects). */
export function hasSymbolic(tree: unknown): boolean {
  if (tree instanceof Tensor) return isSymbolic(tree);
  if (Array.isArray(tree)) return tree.some(hasSymbolic);
  if (isPlainObject(tree)) {
    for (const key of Object.keys(tree)) if (hasSymbolic(tree[key])) return true;
  }
  return false;
}

/**
 * Calls `callable` on arguments of which some are symbolic: `run` is traced for the shapes of its outputs, and the
 * symbolic outputs remember the call. Errors are those of `run` on concrete shapes.
 */
export function symbolicCall<R>(
  callable: Callable,
  args: readonly unknown[],
  run: (args: readonly unknown[]) => R,
  stand: Stand = parameterTensor,
): R {
  const outputs: Tensor[] = [];
  const shared: { result: unknown } = { result: undefined };
  const origin = (outputIndex: number): Origin => ({
    callable,
    args,
    outputs,
    outputIndex,
    get result(): unknown {
      return shared.result;
    },
  });
  const result = inferSymbolic(args, run, origin, stand);
  shared.result = result;
  outputs.push(...flattenTree(result));
  return result;
}

/**
 * Two extents that stand for an unknown one: what differs between two traces depends on it. Primes show more mistakes,
 * but a reshape may need an extent that divides well, and a large window an extent that is large: then the second pair; and
 * where places have a bound (a table of positions), an extent may have to be small: then the third.
 */
const stands: readonly (readonly [number, number])[] = [
  [211, 223],
  [720, 5040],
  [2, 4],
];

/** What stands for an unknown extent in the trace that is going on; null where there is none. */
let standing: number | null = null;

/** A shape of such a trace with its unknown extents as null. The last axis, features mostly, is left as it is. */
export function withoutStands(shape: Shape): Shape {
  return standing === null
    ? shape
    : shape.map((extent, axis) => (extent === standing && (axis === 0 || axis < shape.length - 1) ? null : extent));
}

/** What stands in a trace for a symbolic tensor of numbers. */
export type Stand = (shape: ConcreteShape, dtype: DType) => Tensor;

/** Texts that stand for others: what differs between two traces depends on how many words a text has. */
const standingTexts: readonly [string, string] = ["a", "a b c"];

/**
 * The outputs of `run(args)` as symbolic tensors: extents that depend on an unknown extent of a symbolic argument are
 * null. All unknown extents are taken as equal, so that two unknown time axes may meet; the real ones are checked when
 * the model runs. Nothing is assigned to variables. `origin` gives the record of each output.
 */
export function inferSymbolic<R>(
  args: readonly unknown[],
  run: (args: readonly unknown[]) => R,
  origin: (outputIndex: number) => Origin | undefined = () => undefined,
  stand: Stand = parameterTensor,
): R {
  const unknown = flattenTree(args).some((tensor) => isSymbolic(tensor) && (tensor.shape.includes(null) || isText(tensor)));
  const concrete = (extent: number, text: string): readonly unknown[] =>
    args.map((arg) =>
      mapTree(arg, (tensor) => {
        if (!isSymbolic(tensor)) return tensor;
        const shape = tensor.shape.map((e) => e ?? extent);
        return isText(tensor) ? new StringTensor(new Array<string>(sizeOf(shape)).fill(text), shape) : stand(shape, tensor.dtype);
      }),
    );
  const traceWith = (extent: number, text = standingTexts[0]): R => {
    const before = standing;
    standing = unknown ? extent : before;
    try {
      return trace(() => run(concrete(extent, text))).result;
    } finally {
      standing = before;
    }
  };
  let next = 0;
  const combine = (a: unknown, b: unknown): unknown => {
    if (a instanceof StringTensor && b instanceof StringTensor && a.rank === b.rank)
      return symbolicText(
        a.shape.map((extent, axis) => (extent === b.shape[axis] ? extent : null)),
        origin(next++),
      );
    if (a instanceof Tensor) {
      if (!(b instanceof Tensor) || a.rank !== b.rank || a.dtype !== b.dtype) throw varying(String(a), String(b));
      return symbolicTensor(
        a.shape.map((extent, axis) => (extent === b.shape[axis] ? extent : null)),
        a.dtype,
        origin(next++),
      );
    }
    if (Array.isArray(a)) {
      if (!Array.isArray(b) || a.length !== b.length) throw varying("a list", "another list");
      return a.map((part, i) => combine(part, b[i]));
    }
    if (isPlainObject(a)) {
      if (!isPlainObject(b)) throw varying("an object", typeof b);
      return Object.fromEntries(Object.keys(a).map((key) => [key, combine(a[key], b[key])]));
    }
    return typeof a === "number" && a !== b ? null : a;
  };
  if (!unknown) {
    const result = traceWith(0);
    return combine(result, result) as R;
  }
  let first: unknown;
  for (const [one, other] of stands) {
    try {
      return combine(traceWith(one), traceWith(other, standingTexts[1])) as R;
    } catch (error) {
      if (error instanceof InternalError) throw error;
      first ??= withUnknown(error, one, other);
      next = 0;
    }
  }
  throw first;
}

function varying(one: string, other: string): StateError {
  return new StateError({
    where: currentScope() || "symbolic call",
    problem: "the rank, dtype or structure of the result depends on an extent that is not known yet",
    received: `${one} and ${other}`,
    advice: "give Input a full shape, or do this in a layer's call with other operations",
  });
}

/** Says in the advice of an error that a made-up extent stands in its message. */
function withUnknown(error: unknown, one: number, other: number): unknown {
  if (!(error instanceof Error)) return error;
  const shown = [one, other].find((extent) => new RegExp(`\\b${extent}\\b`).test(error.message));
  if (shown !== undefined)
    error.message += `\n  note      ${shown} stands for an extent that is not known yet, as in ${formatShape([null, 3])}`;
  return error;
}
