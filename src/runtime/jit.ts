/** `jit`: a function over trees of tensors as one compiled program. */
import type { TypedArray } from "../dtype/index.ts";
import {
  currentScope,
  dataLeaf,
  dataTensor,
  flattenTree,
  hostValues,
  isHostTypedArray,
  isInlining,
  isPlainObject,
  isSymbolic,
  mapTree,
  Node,
  parameterTensor,
  Tensor,
  typeOf,
  unflattenTree,
} from "../graph/index.ts";
import { currentBackend } from "./backends.ts";
import { evaluate } from "./evaluator.ts";
import { Traced } from "./traced.ts";

/** Combinations of static arguments that one jitted function keeps. */
export const maximumStatics = 64;

/** Stands for a tensor in kept arguments. */
const hole: Tensor = parameterTensor([], "float32");

/**
 * `f` compiled: traced once per shapes and dtypes of its tensors and per value of its other arguments, then run as one
 * program, with the variables it reads and assigns as the program's state. Arguments and results are trees: tensors in
 * arrays and plain objects; typed arrays count as tensors, numbers and strings are fixed at tracing (pass
 * `tensor(0.1)` for a number that changes from call to call). The results have values already or soon: an error of a
 * long run is thrown where they are read. Inside another traced function, and under `grad`, it is `f` itself; gradients
 * do not go back through results of a call outside.
 *
 * @example
 * const step = jit((x: Tensor, y: Tensor) => ops.mean(ops.square(ops.subtract(x, y))));
 * await step(tensor([1, 2]), tensor([3, 4])).item(); // 4
 */
export function jit<A extends readonly unknown[], R>(f: (...args: A) => R): (...args: A) => R {
  const kept = new Map<string, Traced>();
  const identities = new WeakMap<object, number>();
  let nextIdentity = 0;

  const identityOf = (value: object): number => {
    let id = identities.get(value);
    if (id === undefined) identities.set(value, (id = nextIdentity++));
    return id;
  };
  /** The arguments without their tensors, as text. */
  const statics = (tree: unknown): string => {
    if (tree instanceof Tensor) return "t";
    if (typeof tree === "string") return JSON.stringify(tree);
    if (typeof tree === "number") return Object.is(tree, -0) ? "-0" : String(tree);
    if (Array.isArray(tree)) return `[${tree.map(statics).join(",")}]`;
    if (isPlainObject(tree))
      return `{${Object.keys(tree)
        .map((key) => `${JSON.stringify(key)}:${statics(tree[key])}`)
        .join(",")}}`;
    if ((typeof tree === "object" && tree !== null) || typeof tree === "function") return `#${identityOf(tree)}`;
    return String(tree);
  };

  const specialize = (key: string, args: A): Traced => {
    let found = kept.get(key);
    if (found === undefined) {
      // Without the tensors of this call, which must not live as long as the program.
      const skeleton = mapTree(args, () => hole);
      found = new Traced((...tensors) => f(...unflattenTree(skeleton, tensors)));
    }
    kept.delete(key);
    kept.set(key, found);
    for (const oldest of kept.keys()) {
      if (kept.size <= maximumStatics) break;
      kept.delete(oldest);
    }
    return found;
  };

  const jitted = (...given: A): R => {
    const args = withTensors(given) as A;
    const tensors = flattenTree(args);
    if (isInlining() || tensors.some(isSymbolic)) return f(...args);
    const traced = specialize(statics(args), args);
    const types = tensors.map(typeOf);
    const tree = traced.resultTree(types) as R;
    const results = flattenTree(tree)
      .map(typeOf)
      .map((type) => new Tensor(new Node(dataLeaf, [], {}, [type], currentScope() || f.name), 0));
    const fill = (values: readonly TypedArray[]): void => {
      results.forEach(({ node }, i) => (node.values[0] = values[i]!));
    };
    // The error of a run that takes long belongs to whoever reads a result; without results nobody would hear of it.
    const fail = (error: unknown): void => {
      for (const { node } of results) node.origin = error;
    };
    const options = { deliver: fill, fail, held: true };
    const known = tensors.map(({ node, index }) => node.values[index]);
    const out = known.every((values) => values !== undefined)
      ? traced.run(
          types.map((type, i) => ({ ...type, values: known[i]! })),
          options,
        )
      : traced.runWhen(types, async () => await evaluate(tensors, [], await currentBackend()), options);
    if (!(out instanceof Promise)) fill(out);
    else if (results.length > 0) out.catch(() => undefined);
    return unflattenTree(tree, results);
  };
  Object.defineProperty(jitted, "name", { value: f.name });
  return jitted;
}

/** Typed arrays in a tree of arguments as tensors. */
function withTensors(tree: unknown): unknown {
  if (isHostTypedArray(tree)) {
    const { values, shape, dtype } = hostValues("jit", tree);
    return dataTensor(values, shape, dtype);
  }
  if (Array.isArray(tree)) return tree.map(withTensors);
  if (isPlainObject(tree)) return Object.fromEntries(Object.keys(tree).map((key) => [key, withTensors(tree[key])]));
  return tree;
}
