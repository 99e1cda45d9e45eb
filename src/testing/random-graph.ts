/** Random graphs from a seed, over all families of primitives. */
import { differentiate } from "../autodiff/index.ts";
import { interpret } from "../backends/reference/index.ts";
import { isFloat } from "../dtype/index.ts";
import { type ConcreteShape, concreteShape, type NdArray, parameterTensor, sizeOf, Subgraph, type Tensor, typeOf } from "../graph/index.ts";
import { onesLike, reduceSum, zerosLike } from "../primitives/index.ts";
import { Random } from "./random.ts";
import { families, type Family } from "./random-operations.ts";

/** A graph with values for its parameters. */
export interface RandomGraph {
  readonly parameters: readonly Tensor[];
  readonly results: readonly Tensor[];
  readonly values: readonly NdArray[];
}

/** What a family builds with: the graph so far. */
export class GraphBuilder {
  readonly random: Random;
  readonly parameters: Tensor[] = [];
  readonly values: NdArray[] = [];
  /** Everything built, and its value on the reference back-end. */
  readonly pool: Tensor[] = [];
  readonly #known = new Map<Tensor, NdArray>();

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  /** Extents that fit vectors, and extents that leave a rest. */
  extent(): number {
    return this.random.pick([1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 16, 17]);
  }

  shape(rank: number = this.random.integer(0, 4)): number[] {
    const shape = Array.from({ length: rank }, () => this.extent());
    while (sizeOf(shape) > 2000) shape[shape.indexOf(Math.max(...shape))] = 2;
    return shape;
  }

  /** A new float32 argument. */
  argument(shape: ConcreteShape = this.shape()): Tensor {
    const data = Float32Array.from({ length: sizeOf(shape) }, () => this.random.uniform(-2, 2));
    return this.#argument({ shape, dtype: "float32", data });
  }

  /** A new int32 argument with elements from 0 to below `limit`. */
  indices(shape: ConcreteShape, limit: number): Tensor {
    const data = Int32Array.from({ length: sizeOf(shape) }, () => this.random.integer(0, limit - 1));
    return this.#argument({ shape, dtype: "int32", data });
  }

  #argument(value: NdArray): Tensor {
    const parameter = parameterTensor(value.shape, value.dtype);
    this.parameters.push(parameter);
    this.values.push(value);
    this.#known.set(parameter, value);
    if (isFloat(value.dtype)) this.pool.push(parameter);
    return parameter;
  }

  /** A float tensor that is there already (most often a late one), or a new argument. */
  operand(accept: (shape: ConcreteShape) => boolean = () => true): Tensor | null {
    const fitting = this.pool.filter((tensor) => accept(concreteShape(tensor)));
    if (fitting.length === 0) return null;
    const recent = fitting.slice(-3);
    return this.random.chance(0.7) ? this.random.pick(recent) : this.random.pick(fitting);
  }

  /** An operand of a shape: one that is there, or a new argument. */
  like(shape: ConcreteShape): Tensor {
    const same = this.operand((other) => other.length === shape.length && other.every((extent, axis) => extent === shape[axis]));
    return same !== null && this.random.chance(0.6) ? same : this.argument(shape);
  }

  /** Adds a tensor to the pool, unless it is too large or its values would drown everything in overflow and rounding. */
  keep(tensor: Tensor): boolean {
    if (tensor.size > 6000) return false;
    const known = [...this.#known.keys()];
    const [value] = interpret(new Subgraph(known, [tensor]), [...this.#known.values()]);
    if (isFloat(tensor.dtype) && !value!.data.every((x: number) => Math.abs(x) < 1000)) return false;
    this.#known.set(tensor, value!);
    this.pool.push(tensor);
    return true;
  }
}

/**
 * The graph of a seed: 3 to 25 operations of `families` on small shapes, results that nobody consumed, and in half of
 * the cases a scalar loss of them with its gradients by every float argument.
 */
export function randomGraph(seed: number, from: readonly Family[] = families): RandomGraph {
  const builder = new GraphBuilder(seed);
  const { random } = builder;
  builder.argument(builder.shape(random.integer(1, 4)));
  const operations = random.integer(3, 25);
  // A family that does not fit what is there passes; enough attempts find others.
  for (let made = 0, attempts = 0; made < operations && attempts < 20 * operations; attempts++) {
    const tensor = random.pick(from)(builder);
    if (tensor !== null && isFloat(tensor.dtype) && builder.keep(tensor)) made++;
  }
  const consumed = new Set<Tensor["node"]>();
  const pending = builder.pool.map((tensor) => tensor.node);
  while (pending.length > 0) {
    for (const input of pending.pop()!.inputs) {
      if (consumed.has(input.node)) continue;
      consumed.add(input.node);
      pending.push(input.node);
    }
  }
  const ends = builder.pool.filter((tensor) => !consumed.has(tensor.node) && !builder.parameters.includes(tensor));
  // Something in the middle is a result now and then: it must be stored although others consume it.
  const results = [...(ends.length > 0 ? ends : builder.pool.slice(-1)), ...(random.chance(0.3) ? [random.pick(builder.pool)] : [])];
  if (random.chance(0.5)) return { parameters: builder.parameters, results, values: builder.values };

  const sums = results.map((result) =>
    reduceSum(
      result,
      typeOf(result).shape.map((_, axis) => axis),
    ),
  );
  const xs = builder.parameters.filter((parameter) => isFloat(parameter.dtype));
  const gradients = differentiate(sums, xs, sums.map(onesLike)).map((gradient, i) => gradient ?? zerosLike(xs[i]!));
  return { parameters: builder.parameters, results: [...sums, ...gradients], values: builder.values };
}
