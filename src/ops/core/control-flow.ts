/** Loops and branches inside the graph, over trees of tensors. */
import { ShapeError, StateError, ValueError } from "../../errors.ts";
import {
  concreteShape,
  currentScope,
  flattenTree,
  parameterTensor,
  sameShape,
  Substitution,
  type Tensor,
  type TensorTree,
  unflattenTree,
} from "../../graph/index.ts";
import { trace } from "../../graph/trace.ts";
import { isPlainObject } from "../../graph/tree.ts";
import type { Variable } from "../../graph/variable.ts";
import * as P from "../../primitives/index.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { truth } from "../numpy/elementwise.ts";
import { captureAll, placeholders } from "./capture.ts";

/** A tree with variables and data where tensors may stand. */
export type TreeLike = TensorLike | readonly TreeLike[] | { readonly [key: string]: TreeLike } | null;

/** Everything in a tree as tensors; arrays are lists of trees, not data. */
function tensors(tree: unknown): TensorTree {
  if (Array.isArray(tree)) return tree.map(tensors);
  if (isPlainObject(tree)) return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, tensors(value)]));
  return asTensor(tree as TensorLike);
}

/** Leaves that stand for variables inside bodies. */
type InnerReads = Map<Tensor, Variable>;

/** Traces a body: what it reads of variables is captured, what it assigns cannot leave it. */
function body<T>(inner: InnerReads, f: () => T): T {
  const { result, reads, updates } = trace(f);
  if (updates.size > 0) {
    throw new StateError({
      where: currentScope(),
      problem: `the body assigns a variable (${[...updates.keys()].map((variable) => variable.path).join(", ")})`,
      advice: "return the new value from the body and assign it after the loop",
    });
  }
  for (const [variable, leaf] of reads) inner.set(leaf, variable);
  return result;
}

/** What bodies use from outside, with the variables that they read read outside. */
function outside(captures: readonly Tensor[], inner: InnerReads): Tensor[] {
  if (inner.size === 0) return [...captures];
  const substitution = new Substitution();
  for (const [leaf, variable] of inner) substitution.set(leaf, variable.read());
  return captures.map((tensor) => substitution.of(tensor));
}

function requireSameTypes(before: readonly Tensor[], after: readonly Tensor[], what: string): void {
  const same = before.length === after.length && before.every((t, i) => sameShape(t.shape, after[i]!.shape) && t.dtype === after[i]!.dtype);
  if (same) return;
  throw new ShapeError({
    where: currentScope(),
    problem: `${what} must keep number, shapes and dtypes`,
    expected: before.map(String).join(", "),
    received: after.map(String).join(", "),
  });
}

/** Options of `scan`. */
export interface ScanOptions {
  /** From the last element to the first. Default false. */
  reverse?: boolean;
}

/**
 * `[carry, y] = f(carry, x)` for every element x along the first axis of `xs` (a tensor, a tree of them, or null together
 * with `length`); returns the last carry and the ys stacked. Has gradients. The body is traced once.
 *
 * @example
 * const [total, sums] = ops.scan((carry, x) => { const s = ops.add(carry, x); return [s, s]; }, 0, xs);
 */
export const scan: <C extends TensorTree, X extends TensorTree | null, Y extends TensorTree | null>(
  f: (carry: C, x: X) => readonly [C, Y],
  init: C | TreeLike,
  xs?: TreeLike,
  length?: number | null,
  options?: ScanOptions,
) => [C, Y] = defineOp(
  "scan",
  (
    f: (carry: never, x: never) => readonly unknown[],
    init: unknown,
    xs: unknown = null,
    length: number | null = null,
    options: ScanOptions = {},
  ): [never, never] => {
    const carry = tensors(init);
    const sequence = xs === null ? null : tensors(xs);
    const elements = sequence === null ? [] : flattenTree(sequence);
    const steps = length ?? elements[0]?.dim(0);
    if (steps === undefined)
      throw new ValueError({ where: currentScope(), problem: "the number of steps is unknown", advice: "give xs or length" });
    const wrong = elements.find((x) => x.dim(0) !== steps);
    if (wrong !== undefined) {
      throw new ShapeError({
        where: currentScope(),
        problem: "the sequences have different lengths",
        expected: `${steps} elements along the first axis`,
        received: wrong.toString(),
      });
    }
    const carries = flattenTree(carry);
    const carryParameters = placeholders(carry);
    const elementParameters = elements.map((x) => parameterTensor(concreteShape(x).slice(1), x.dtype));
    const inner: InnerReads = new Map();
    const [next, y] = body(inner, () =>
      f(unflattenTree(carry, carryParameters) as never, (sequence === null ? null : unflattenTree(sequence, elementParameters)) as never),
    );
    const nextTree = tensors(next);
    const yTree = y === null || y === undefined ? null : tensors(y);
    const outputs = yTree === null ? [] : flattenTree(yTree);
    requireSameTypes(carries, flattenTree(nextTree), "the carry");
    const parameters = [...carryParameters, ...elementParameters];
    const [closed] = captureAll([{ parameters, results: [...flattenTree(nextTree), ...outputs] }]);
    const results = P.scan(closed!.body, {
      init: carries,
      xs: elements,
      constants: outside(closed!.captures, inner),
      length: steps,
      reverse: options.reverse ?? false,
    });
    const stacked = results.slice(carries.length);
    return [
      unflattenTree(carry, results.slice(0, carries.length)) as never,
      (yTree === null ? null : unflattenTree(yTree, stacked)) as never,
    ];
  },
);

/** Options of `whileLoop`. */
export interface WhileLoopOptions {
  /** Stop after as many steps; with it the loop has gradients. */
  maximumIterations?: number | null;
}
/**
 * `vars = body(...vars)` while `cond(...vars)` is true. `loopVars` is a list (its entries are the arguments) or one tree.
 * Has gradients only with `maximumIterations`.
 */
export const whileLoop: <T extends TensorTree>(
  cond: (...args: never[]) => Tensor,
  body: (...args: never[]) => TreeLike,
  loopVars: T | TreeLike,
  maximumIterations?: number | null | WhileLoopOptions,
) => T = defineOp(
  "whileLoop",
  (
    cond: (...args: never[]) => Tensor,
    step: (...args: never[]) => TreeLike,
    loopVars: unknown,
    maximumIterations: number | null | WhileLoopOptions = null,
  ): never => {
    const limit =
      typeof maximumIterations === "number" || maximumIterations === null
        ? maximumIterations
        : (maximumIterations.maximumIterations ?? null);
    const list = Array.isArray(loopVars);
    const tree = tensors(loopVars);
    const init = flattenTree(tree);
    const inner: InnerReads = new Map();
    const call = <R>(f: (...args: never[]) => R, parameters: readonly Tensor[]): R => {
      const values = unflattenTree(tree, parameters);
      return body(inner, () => f(...((list ? values : [values]) as never[])));
    };
    const conditionParameters = placeholders(tree);
    const test = truth(call(cond, conditionParameters));
    if (test.rank !== 0)
      throw new ShapeError({ where: currentScope(), problem: "the condition must be a scalar", received: test.toString() });
    const stepParameters = placeholders(tree);
    const given = call(step, stepParameters);
    // A list of one may come back as its entry.
    const next = flattenTree(tensors(list && !Array.isArray(given) ? [given] : given));
    requireSameTypes(init, next, "the loop variables");
    const [condition, loop] = captureAll([
      { parameters: conditionParameters, results: [test] },
      { parameters: stepParameters, results: next },
    ]);
    const results = P.whileLoop(condition!.body, loop!.body, init, outside(loop!.captures, inner), limit);
    return unflattenTree(tree, results) as never;
  },
);

/** `trueFn()` where `pred` (a scalar) is true, else `falseFn()`; only one of them runs. Both return trees of the same types. */
export const cond: <T extends TensorTree>(pred: TensorLike, trueFn: () => T, falseFn: () => T) => T = defineOp(
  "cond",
  (pred: TensorLike, trueFn: () => TensorTree, falseFn: () => TensorTree): never => {
    const test = truth(pred);
    if (test.rank !== 0)
      throw new ShapeError({
        where: currentScope(),
        problem: "the predicate must be a scalar",
        received: test.toString(),
        advice: "use ops.where elementwise",
      });
    const inner: InnerReads = new Map();
    const yes = tensors(body(inner, trueFn));
    const no = tensors(body(inner, falseFn));
    requireSameTypes(flattenTree(yes), flattenTree(no), "the branches");
    const [first, second] = captureAll([
      { parameters: [], results: flattenTree(yes) },
      { parameters: [], results: flattenTree(no) },
    ]);
    return unflattenTree(yes, P.cond(test, first!.body, second!.body, outside(first!.captures, inner))) as never;
  },
);

/** `[f(0), f(1), ..]`-like loop: `val = bodyFun(i, val)` for i from `lower` up to, not including, `upper`. Has gradients. */
export const foriLoop: <T extends TensorTree>(
  lower: number,
  upper: number,
  bodyFun: (i: Tensor, val: T) => TreeLike,
  initVal: T | TreeLike,
) => T = defineOp("foriLoop", (lower: number, upper: number, bodyFun: (i: Tensor, val: never) => TreeLike, initVal: unknown): never => {
  const positions = asTensor(Int32Array.from({ length: Math.max(0, upper - lower) }, (_, i) => lower + i));
  const run = scan as (f: (carry: unknown, i: Tensor) => readonly [unknown, null], init: unknown, xs: Tensor) => [never, null];
  return run((carry, i) => [bodyFun(i, carry as never), null], initVal, positions)[0];
});

/** The same value; no gradient flows through it. */
export const stopGradient: (x: TensorLike) => Tensor = defineOp("stopGradient", (x: TensorLike) => P.stopGradient(asTensor(x)));
