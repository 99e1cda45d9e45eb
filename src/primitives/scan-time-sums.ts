/** Sums over all steps of values in a loop's body, taken after the loop wherever that is better. */
import { applyOne, concreteShape, type Tensor } from "../graph/index.ts";
import { add } from "./add.ts";
import { concatenate } from "./concatenate.ts";
import { convGeneral, convGeneralPrimitive } from "./conv-general.ts";
import type { ConvDimensions } from "./conv-geometry.ts";
import { numbers } from "./define.ts";
import { dotGeneral, type DotDimensions, dotGeneralPrimitive } from "./dot-general.ts";
import { full } from "./full.ts";
import { multiply } from "./multiply.ts";
import { reduceSum } from "./reduce-sum.ts";
import { isSameValue, type ScanParts } from "./scan-parts.ts";
import { LoopValues, summedDot, timeInto } from "./scan-time.ts";
import { subtract } from "./subtract.ts";

/** The sum outside of the loop, from the last values of the accumulators and the stacks of what the loop emits. */
export type TotalOf = (accumulated: readonly Tensor[], emitted: readonly Tensor[]) => Tensor;

/** Operations with one operand that commute with sums: the sum goes through them. */
const linear: ReadonlySet<string> = new Set(["negate", "transpose", "reshape", "slice", "reverse", "broadcastInDim"]);

/**
 * Plans sums over time: products become one contraction over time (of stacks that the loop emits or that exist already),
 * sums, views and constant factors go through, the rest is accumulated in further carries. After `plan`, build the loop
 * with `accumulated` as terms of new carries and `emitted` as new ys.
 */
export class TimeSums {
  /** Terms that the loop adds up in carries of its own. */
  readonly accumulated: Tensor[] = [];
  /** Values that the loop stacks. */
  readonly emitted: Tensor[] = [];
  readonly #values: LoopValues;
  readonly #length: number;

  /** `parts.body` must have every value to be summed among its results; `emitted` are values that the loop stacks anyway. */
  constructor(parts: ScanParts, emitted: readonly Tensor[]) {
    this.#values = new LoopValues(parts);
    this.#length = parts.length;
    for (const value of emitted) if (!this.emitted.some((other) => isSameValue(other, value))) this.emitted.push(value);
  }

  /** The sums of `terms` over all steps; null stays null. */
  plan(terms: readonly (Tensor | null)[]): (TotalOf | null)[] {
    // Once to learn what is emitted, then again, so that sums before a product find its stacks too.
    for (const term of terms) if (term !== null) this.#sum(term);
    this.accumulated.length = 0;
    return terms.map((term) => (term === null ? null : this.#sum(term)));
  }

  #sum(term: Tensor): TotalOf {
    const { node } = term;
    const values = this.#values;
    if (values.isConstant(term)) {
      return () => multiply(values.constant(term), full(concreteShape(term), this.#length, term.dtype));
    }
    const { primitive, inputs, attributes } = node;
    if (primitive === dotGeneralPrimitive) return this.#product(inputs, attributes as DotDimensions);
    if (primitive === convGeneralPrimitive) return this.#convolution(term, attributes as ConvDimensions);
    if (linear.has(primitive.name)) {
      const below = this.#sum(inputs[0]!);
      return (accumulated, emitted) => applyOne(primitive, [below(accumulated, emitted)], attributes);
    }
    switch (primitive.name) {
      case "add":
      case "subtract": {
        const [x, y] = inputs.map((input) => this.#sum(input));
        const combine = primitive.name === "add" ? add : subtract;
        return (accumulated, emitted) => combine(x!(accumulated, emitted), y!(accumulated, emitted));
      }
      case "concatenate": {
        const pieces = inputs.map((input) => this.#sum(input));
        return (accumulated, emitted) =>
          concatenate(
            pieces.map((piece) => piece(accumulated, emitted)),
            attributes.axis as number,
          );
      }
      case "pad": {
        if (inputs[1]!.node.attributes.value !== 0) break;
        const below = this.#sum(inputs[0]!);
        return (accumulated, emitted) => applyOne(primitive, [below(accumulated, emitted), inputs[1]!], attributes);
      }
      case "multiply": {
        const factor = inputs.find((input) => values.isConstant(input));
        if (factor === undefined) break;
        const below = this.#sum(inputs.find((input) => !values.isConstant(input))!);
        return (accumulated, emitted) => multiply(below(accumulated, emitted), values.constant(factor));
      }
      case "reduceSum": {
        // Worth a reduction after the loop only where the stack is there anyway.
        const stack = this.#stackOf(inputs[0]!, false);
        if (stack === undefined) break;
        return (accumulated, emitted) =>
          reduceSum(stack(accumulated, emitted), [0, ...numbers(attributes, "axes").map((axis) => axis + 1)]);
      }
    }
    return this.#accumulate(term);
  }

  #accumulate(term: Tensor): TotalOf {
    let position = this.accumulated.findIndex((other) => isSameValue(other, term));
    if (position < 0) position = this.accumulated.push(term) - 1;
    return (accumulated) => accumulated[position]!;
  }

  /** The stack of a value: one that exists outside, or that the loop emits (`emit`: if need be, from now on). */
  #stackOf(value: Tensor, emit: boolean): TotalOf | undefined {
    const outside = this.#values.variation(value) === "sequence" ? this.#values.stack(value) : null;
    if (outside !== null) return () => outside;
    let position = this.emitted.findIndex((other) => isSameValue(other, value));
    if (position < 0) {
      if (!emit) return undefined;
      position = this.emitted.push(value) - 1;
    }
    return (_accumulated, emitted) => emitted[position]!;
  }

  #product([lhs, rhs]: readonly Tensor[], dimensions: DotDimensions): TotalOf {
    const values = this.#values;
    if (values.isConstant(lhs!)) {
      const below = this.#sum(rhs!);
      return (accumulated, emitted) => dotGeneral(values.constant(lhs!), below(accumulated, emitted), dimensions);
    }
    if (values.isConstant(rhs!)) {
      const below = this.#sum(lhs!);
      return (accumulated, emitted) => dotGeneral(below(accumulated, emitted), values.constant(rhs!), dimensions);
    }
    const left = this.#stackOf(lhs!, true)!;
    const right = this.#stackOf(rhs!, true)!;
    return (accumulated, emitted) => summedDot(left(accumulated, emitted), right(accumulated, emitted), dimensions);
  }

  /** A kernel's gradient: both operands vary, and time joins the features that are summed over (the images of the batch). */
  #convolution(term: Tensor, dimensions: ConvDimensions): TotalOf {
    const [lhs, rhs] = term.node.inputs;
    if (dimensions.featureGroups > 1 || this.#values.isConstant(lhs!) || this.#values.isConstant(rhs!)) return this.#accumulate(term);
    const left = this.#stackOf(lhs!, true)!;
    const right = this.#stackOf(rhs!, true)!;
    return (accumulated, emitted) =>
      convGeneral(
        timeInto(left(accumulated, emitted), dimensions.lhsLayout.feature),
        timeInto(right(accumulated, emitted), dimensions.rhsLayout.input),
        dimensions,
      );
  }
}
