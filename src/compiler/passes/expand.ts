/** Expands values into kernel expressions: elementwise work and views are inlined down to buffers. */
import type { DType } from "../../dtype/index.ts";
import { InternalError } from "../../errors.ts";
import { type Affine, stridesOf } from "../../graph/index.ts";
import type { Block } from "../draft.ts";
import { affineKey, compose, weightedSum } from "../kernels/affine.ts";
import type { Guard } from "../kernels/kernel.ts";
import { Expression, guardsKey, type KernelBuilder } from "../kernels/kernel-builder.ts";
import { reshapeIndices } from "./reshape-indices.ts";
import { windowPosition } from "./window-indices.ts";

/** Expands values of one block into one expression of one kernel. */
export class Expander {
  readonly expression: Expression = new Expression();
  private readonly block: Block;
  private readonly builder: KernelBuilder;
  private readonly memo = new Map<string, number>();

  constructor(block: Block, builder: KernelBuilder) {
    this.block = block;
    this.builder = builder;
  }

  /**
   * Entry of `value` at `indices` (per axis of the value). Where `guards` fail the entry is `fill` if the value is a plain
   * view of a buffer, else anything.
   */
  expand(value: number, indices: readonly Affine[], guards: readonly Guard[] = [], fill = 0): number {
    const key = `${value}|${indices.map(affineKey).join("/")}|${guardsKey(guards)}|${fill}`;
    const before = this.memo.get(key);
    if (before !== undefined) return before;
    const entry =
      this.block.materialized[value] || this.block.scalars.has(value)
        ? this.leaf(value, indices, guards, fill)
        : this.inline(value, indices, guards, fill);
    this.memo.set(key, entry);
    return entry;
  }

  private leaf(value: number, indices: readonly Affine[], guards: readonly Guard[], fill: number): number {
    const type = this.block.type(value);
    const scalar = this.block.scalars.get(value);
    if (scalar !== undefined)
      return this.expression.add({ op: "parameter", slot: this.builder.scalar(scalar, type.dtype), dtype: type.dtype });
    const index = weightedSum(indices, stridesOf(type.shape), this.builder.rank);
    return this.load(value, index, guards, fill);
  }

  private load(value: number, index: Affine, guards: readonly Guard[], fill: number): number {
    const access = this.builder.access(this.buffer(value), "read", index, guards, fill);
    return this.expression.add({ op: "load", access, dtype: this.block.type(value).dtype });
  }

  private buffer(value: number): { id: number; dtype: DType; elements: number } {
    const id = this.block.bufferOf(value);
    const { dtype, elements } = this.block.draft.buffers[id]!;
    return { id, dtype, elements };
  }

  /** Expands the operation that makes `value`, whether or not the value has a buffer of its own. */
  inline(value: number, indices: readonly Affine[], guards: readonly Guard[] = [], fill = 0): number {
    const { block, builder, expression } = this;
    const op = block.producer[value];
    if (op === undefined) throw new InternalError("compiler", `value ${value} has neither buffer nor producer`);
    const type = block.type(value);
    const { lowering } = op.primitive;
    const rank = builder.rank;
    switch (lowering.kind) {
      case "constant":
        return expression.add({ op: "constant", value: Number(op.attributes["value"]), dtype: type.dtype });
      case "iota": {
        const position = expression.add({ op: "position", index: indices[Number(op.attributes["axis"])]!, dtype: "int32" });
        return type.dtype === "int32" ? position : expression.add({ op: "scalar", f: "convert", args: [position], dtype: type.dtype });
      }
      case "scalar": {
        const args = op.inputs.map((input) => this.expand(input, indices, guards));
        return expression.add({ op: "scalar", f: lowering.op, args, dtype: type.dtype });
      }
      case "identity":
        return this.expand(op.inputs[0]!, indices, guards, fill);
      case "reshape": {
        const input = op.inputs[0]!;
        if (block.materialized[input]) return this.load(input, weightedSum(indices, stridesOf(type.shape), rank), guards, fill);
        const inner = reshapeIndices(block.type(input).shape, type.shape, indices, rank);
        if (inner === null) throw new InternalError("compiler", "a reshape that is not affine was inlined");
        return this.expand(input, inner, guards, fill);
      }
      case "view": {
        const input = op.inputs[0]!;
        const inputType = block.type(input);
        const view = lowering.view(inputType, type, op.attributes);
        const inner = view.indices.map((index) => compose(index, indices, rank));
        const own: Guard[] = view.guarded.map((axis) => ({ index: inner[axis]!, limit: inputType.shape[axis]! }));
        if (own.length === 0) return this.expand(input, inner, guards, fill);
        if (typeof view.fill === "number" && block.materialized[input]) return this.expand(input, inner, [...guards, ...own], view.fill);
        const outside =
          view.fill === "operand"
            ? this.expand(op.inputs[1]!, [])
            : expression.add({ op: "constant", value: view.fill, dtype: type.dtype });
        const inside = this.inside(own);
        const there = this.expand(input, inner, [...guards, ...own]);
        return expression.add({ op: "scalar", f: "select", args: [inside, there, outside], dtype: type.dtype });
      }
      case "gather": {
        const [operand, source] = [op.inputs[0]!, op.inputs[1]!];
        const operandType = block.type(operand);
        const plan = lowering.gather(
          op.inputs.map((input) => block.type(input)),
          type,
          op.attributes,
        );
        const strides = stridesOf(operandType.shape);
        const base = plan.base.map((index) => compose(index, indices, rank));
        const dynamic = plan.dynamic.map(({ axis, indexAt, limit }) => ({
          value: this.limited(
            this.expand(
              source,
              indexAt.map((index) => compose(index, indices, rank)),
              guards,
            ),
            limit,
          ),
          stride: strides[axis]!,
          extent: operandType.shape[axis]!,
          mode: plan.mode,
          offset: base[axis]!,
        }));
        const fixed = base.map((index, axis) =>
          plan.dynamic.some((term) => term.axis === axis)
            ? { ...index, constant: 0, coefficients: index.coefficients.map(() => 0) }
            : index,
        );
        const access = builder.access(this.buffer(operand), "read", weightedSum(fixed, strides, rank), guards, 0, dynamic);
        return expression.add({ op: "load", access, dtype: type.dtype });
      }
      case "windowGather": {
        const [operand, positions] = [op.inputs[0]!, op.inputs[1]!];
        const operandType = block.type(operand);
        const geometry = lowering.geometry(op.attributes);
        const strides = stridesOf(operandType.shape);
        const at = this.expand(positions, indices, guards);
        const parts = windowPosition(geometry, at, (entry) => expression.add(entry));
        const base = operandType.shape.map((_, axis) =>
          compose({ constant: -geometry.padding[axis]![0], coefficients: [geometry.strides[axis]!] }, [indices[axis]!], rank),
        );
        const moving = new Map(parts.map((part) => [part.axis, part.entry]));
        const fixed = base.map((index, axis) =>
          moving.has(axis) ? { constant: 0, coefficients: index.coefficients.map(() => 0) } : index,
        );
        const dynamic = parts.map(({ axis, entry }) => ({
          value: entry,
          stride: strides[axis]!,
          extent: operandType.shape[axis]!,
          mode: "clamp" as const,
          offset: base[axis]!,
        }));
        const access = builder.access(this.buffer(operand), "read", weightedSum(fixed, strides, rank), guards, 0, dynamic);
        const there = expression.add({ op: "load", access, dtype: type.dtype });
        // A position in the padding reads 0.
        const tests = parts
          .filter(({ axis }) => geometry.padding[axis]!.some((amount) => amount > 0))
          .flatMap(({ axis, entry }) =>
            this.within(
              expression.add({ op: "scalar", f: "add", args: [this.position(base[axis]!), entry], dtype: "int32" }),
              operandType.shape[axis]!,
            ),
          );
        if (tests.length === 0) return there;
        const inside = tests.reduce((a, b) => expression.add({ op: "scalar", f: "and", args: [a, b], dtype: "bool" }));
        const outside = expression.add({ op: "constant", value: 0, dtype: type.dtype });
        return expression.add({ op: "scalar", f: "select", args: [inside, there, outside], dtype: type.dtype });
      }
      case "rngBits": {
        const key = op.inputs[0]!;
        const word = (i: number): number => this.expand(key, [{ constant: i, coefficients: new Array<number>(rank).fill(0) }], guards);
        const counter = expression.add({ op: "position", index: weightedSum(indices, stridesOf(type.shape), rank), dtype: "int32" });
        const zero = expression.add({ op: "constant", value: 0, dtype: "int32" });
        return expression.add({ op: "threefry", word: 0, args: [word(0), word(1), counter, zero], dtype: "int32" });
      }
      default:
        throw new InternalError("compiler", `${op.primitive.name} cannot stand inside an expression`);
    }
  }

  /** An index moved into [0, limit), where a limit is given. */
  limited(entry: number, limit: number | undefined): number {
    if (limit === undefined) return entry;
    const constant = (value: number): number => this.expression.add({ op: "constant", value, dtype: "int32" });
    const below = this.expression.add({ op: "scalar", f: "minimum", args: [entry, constant(limit - 1)], dtype: "int32" });
    return this.expression.add({ op: "scalar", f: "maximum", args: [below, constant(0)], dtype: "int32" });
  }

  private position(index: Affine): number {
    return this.expression.add({ op: "position", index, dtype: "int32" });
  }

  /** Bool entries: 0 <= position, position < limit. */
  private within(position: number, limit: number): number[] {
    const { expression } = this;
    const zero = expression.add({ op: "constant", value: 0, dtype: "int32" });
    const end = expression.add({ op: "constant", value: limit, dtype: "int32" });
    return [
      expression.add({ op: "scalar", f: "greaterEqual", args: [position, zero], dtype: "bool" }),
      expression.add({ op: "scalar", f: "less", args: [position, end], dtype: "bool" }),
    ];
  }

  /** Bool entry: whether all guards hold. */
  inside(guards: readonly Guard[]): number {
    const tests = guards.flatMap(({ index, limit }) => this.within(this.position(index), limit));
    return tests.reduce((a, b) => this.expression.add({ op: "scalar", f: "and", args: [a, b], dtype: "bool" }));
  }
}
