/** What the values inside a loop's body depend on, and the same values outside of the loop for all steps at once. */
import type { Node } from "../graph/index.ts";
import { applyOne, concreteShape, Substitution, type Tensor } from "../graph/index.ts";
import { broadcastInDim } from "./broadcast-in-dim.ts";
import { concatenate } from "./concatenate.ts";
import { convGeneralPrimitive, convGeneral } from "./conv-general.ts";
import type { ConvDimensions } from "./conv-geometry.ts";
import { numbers } from "./define.ts";
import { dotGeneral, type DotDimensions, dotGeneralPrimitive } from "./dot-general.ts";
import { reshape } from "./reshape.ts";
import { reverse } from "./reverse.ts";
import { nodesBelow, type ScanParts } from "./scan-parts.ts";
import { slice } from "./slice.ts";
import { transpose } from "./transpose.ts";

/**
 * How a value in a body varies: `fixed` depends on nothing, `constant` on the loop's constants only, `sequence` on the
 * slices (and constants) but on no carry, `carried` on a carry.
 */
export type Variation = "fixed" | "constant" | "sequence" | "carried";

const rank: Readonly<Record<Variation, number>> = { fixed: 0, constant: 1, sequence: 2, carried: 3 };

/** `axes` of a value as axes of its stack over time. */
function shiftedAxes(axes: readonly number[]): number[] {
  return axes.map((axis) => axis + 1);
}

/**
 * A product in which `lhs` or `rhs` (or both) is stacked over time, [time, ...]: the stack of the products of the steps.
 */
export function stackedDot(lhs: Tensor, lhsStacked: boolean, rhs: Tensor, rhsStacked: boolean, d: DotDimensions): Tensor {
  const left = (axes: readonly number[]): readonly number[] => (lhsStacked ? shiftedAxes(axes) : axes);
  const right = (axes: readonly number[]): readonly number[] => (rhsStacked ? shiftedAxes(axes) : axes);
  const both = lhsStacked && rhsStacked;
  const product = dotGeneral(lhs, rhs, {
    lhsBatch: both ? [0, ...left(d.lhsBatch)] : left(d.lhsBatch),
    rhsBatch: both ? [0, ...right(d.rhsBatch)] : right(d.rhsBatch),
    lhsContract: left(d.lhsContract),
    rhsContract: right(d.rhsContract),
  });
  if (both) return product;
  // Time is the first free axis of its operand: behind the batch axes, and behind the left operand's free axes.
  const lhsFree = lhs.rank - d.lhsBatch.length - d.lhsContract.length;
  const time = d.lhsBatch.length + (lhsStacked ? 0 : lhsFree);
  const rest = Array.from({ length: product.rank }, (_, axis) => axis).filter((axis) => axis !== time);
  return transpose(product, [time, ...rest]);
}

/** `sum over time of lhs[t] . rhs[t]` of two stacks: one product that sums over time too. */
export function summedDot(lhs: Tensor, rhs: Tensor, d: DotDimensions): Tensor {
  return dotGeneral(lhs, rhs, {
    lhsBatch: shiftedAxes(d.lhsBatch),
    rhsBatch: shiftedAxes(d.rhsBatch),
    lhsContract: [0, ...shiftedAxes(d.lhsContract)],
    rhsContract: [0, ...shiftedAxes(d.rhsContract)],
  });
}

/** A stack [time, ...] with time merged into (and before) the values' axis `axis`. */
export function timeInto(stack: Tensor, axis: number): Tensor {
  const order = Array.from({ length: stack.rank - 1 }, (_, i) => i + 1);
  order.splice(axis, 0, 0);
  const moved = transpose(stack, order);
  const shape = concreteShape(moved);
  return reshape(moved, [...shape.slice(0, axis), shape[axis]! * shape[axis + 1]!, ...shape.slice(axis + 2)]);
}

/** The inverse of `timeInto`, for values of `extent` along `axis`. */
function timeOutOf(merged: Tensor, axis: number, length: number, extent: number): Tensor {
  const shape = concreteShape(merged);
  const split = reshape(merged, [...shape.slice(0, axis), length, extent, ...shape.slice(axis + 1)]);
  const rest = Array.from({ length: split.rank }, (_, i) => i).filter((i) => i !== axis);
  return transpose(split, [axis, ...rest]);
}

/** The values of a body as they are outside of the loop. */
export class LoopValues {
  readonly #parts: ScanParts;
  readonly #variation = new Map<Node, Variation>();
  readonly #constants = new Substitution();
  readonly #stacks = new Map<Node, (Tensor | null)[]>();

  constructor(parts: ScanParts) {
    this.#parts = parts;
    const { body, init, xs, constants } = parts;
    body.parameters.forEach((parameter, i) => {
      const isX = i >= init.length && i < init.length + xs.length;
      this.#variation.set(parameter.node, i < init.length ? "carried" : isX ? "sequence" : "constant");
      if (isX) this.#stacks.set(parameter.node, [xs[i - init.length]!]);
      else if (i >= init.length) this.#constants.set(parameter, constants[i - init.length - xs.length]!);
    });
    for (const node of nodesBelow(body.results)) this.#classify(node);
  }

  #classify(node: Node): Variation {
    const known = this.#variation.get(node);
    if (known !== undefined) return known;
    let most: Variation = "fixed";
    for (const input of node.inputs) {
      const below = this.#variation.get(input.node)!;
      if (rank[below] > rank[most]) most = below;
    }
    this.#variation.set(node, most);
    return most;
  }

  /** How a value that the body's results need varies. */
  variation(tensor: Tensor): Variation {
    return this.#variation.get(tensor.node) ?? "fixed";
  }

  /** Whether a value is the same in every step. */
  isConstant(tensor: Tensor): boolean {
    return rank[this.variation(tensor)] <= rank.constant;
  }

  /** A value that is the same in every step, outside of the loop. */
  constant(tensor: Tensor): Tensor {
    return this.#constants.of(tensor);
  }

  /** The stack [time, ...] of a value that depends on no carry, computed outside of the loop; null where no rule knows how. */
  stack(tensor: Tensor): Tensor | null {
    const list = this.#stacks.get(tensor.node) ?? [];
    const known = list[tensor.index];
    if (known !== undefined) return known;
    const stack = this.isConstant(tensor) ? this.#repeat(this.constant(tensor)) : this.#batched(tensor);
    list[tensor.index] = stack;
    this.#stacks.set(tensor.node, list);
    return stack;
  }

  #repeat(value: Tensor): Tensor {
    const shape = concreteShape(value);
    return broadcastInDim(
      value,
      [this.#parts.length, ...shape],
      shape.map((_, axis) => axis + 1),
    );
  }

  #batched(tensor: Tensor): Tensor | null {
    const { node } = tensor;
    if (this.variation(tensor) !== "sequence") return null;
    const { primitive, attributes } = node;
    const { length } = this.#parts;
    if (primitive === dotGeneralPrimitive) return this.#product(node, attributes as DotDimensions);
    if (primitive === convGeneralPrimitive) return this.#convolution(node, attributes as ConvDimensions);
    const { kind } = primitive.lowering;
    const batches =
      kind === "scalar" ||
      kind === "reshape" ||
      kind === "reduce" ||
      ["transpose", "broadcastInDim", "slice", "concatenate", "reverse"].includes(primitive.name);
    if (!batches) return null;
    const inputs: Tensor[] = [];
    for (const input of node.inputs) {
      const stack = this.stack(input);
      if (stack === null) return null;
      inputs.push(stack);
    }
    const x = inputs[0]!;
    const shape = concreteShape(tensor);
    if (kind === "scalar") return applyOne(primitive, inputs, attributes);
    if (kind === "reshape") return reshape(x, [length, ...shape]);
    switch (primitive.name) {
      case "transpose":
        return transpose(x, [0, ...shiftedAxes(numbers(attributes, "permutation"))]);
      case "broadcastInDim":
        return broadcastInDim(x, [length, ...shape], [0, ...shiftedAxes(numbers(attributes, "axes"))]);
      case "slice":
        return slice(
          x,
          [0, ...numbers(attributes, "starts")],
          [length, ...numbers(attributes, "limits")],
          [1, ...numbers(attributes, "strides")],
        );
      case "concatenate":
        return concatenate(inputs, (attributes.axis as number) + 1);
      case "reverse":
        return reverse(x, shiftedAxes(numbers(attributes, "axes")));
      case "argmax":
      case "argmin":
        return applyOne(primitive, inputs, { ...attributes, axis: (attributes.axis as number) + 1 });
      default:
        return applyOne(primitive, inputs, { ...attributes, axes: shiftedAxes(numbers(attributes, "axes")) });
    }
  }

  #product(node: Node, dimensions: DotDimensions): Tensor | null {
    const [lhs, rhs] = node.inputs;
    const lhsFixed = this.isConstant(lhs!);
    const rhsFixed = this.isConstant(rhs!);
    const left = lhsFixed ? this.constant(lhs!) : this.stack(lhs!);
    const right = rhsFixed ? this.constant(rhs!) : this.stack(rhs!);
    return left === null || right === null ? null : stackedDot(left, !lhsFixed, right, !rhsFixed, dimensions);
  }

  /** A convolution with a constant kernel: time joins the batch. */
  #convolution(node: Node, dimensions: ConvDimensions): Tensor | null {
    const [lhs, rhs] = node.inputs;
    if (!this.isConstant(rhs!) || dimensions.batchGroups > 1) return null;
    const stack = this.stack(lhs!);
    if (stack === null) return null;
    const merged = timeInto(stack, dimensions.lhsLayout.batch);
    const axis = dimensions.outLayout.batch;
    return timeOutOf(convGeneral(merged, this.constant(rhs!), dimensions), axis, this.#parts.length, node.types[0]!.shape[axis]!);
  }
}
