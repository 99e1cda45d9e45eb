/** Expands values into kernel expressions: elementwise work and views are inlined down to buffers. */
import type { DType } from "../../dtype/index.ts";
import { InternalError } from "../../errors.ts";
import { type Affine, stridesOf } from "../../graph/index.ts";
import type { Block } from "../draft.ts";
import { affineKey, compose, weightedSum } from "../kernels/affine.ts";
import type { Guard } from "../kernels/kernel.ts";
import { Expression, guardsKey, type KernelBuilder } from "../kernels/kernel-builder.ts";
import { rarePasses } from "../parts.ts";
import { reshapeIndices } from "./reshape-indices.ts";

/** Expands values of one block into one expression of one kernel. */
export class Expander {
  readonly expression: Expression = new Expression();
  readonly block: Block;
  readonly builder: KernelBuilder;
  readonly #memo = new Map<string, number>();

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
    const before = this.#memo.get(key);
    if (before !== undefined) return before;
    const entry =
      this.block.materialized[value] || this.block.scalars.has(value)
        ? this.#leaf(value, indices, guards, fill)
        : this.inline(value, indices, guards, fill);
    this.#memo.set(key, entry);
    return entry;
  }

  #leaf(value: number, indices: readonly Affine[], guards: readonly Guard[], fill: number): number {
    const type = this.block.type(value);
    const scalar = this.block.scalars.get(value);
    if (scalar !== undefined)
      return this.expression.add({ op: "parameter", slot: this.builder.scalar(scalar, type.dtype), dtype: type.dtype });
    const index = weightedSum(indices, stridesOf(type.shape), this.builder.rank);
    return this.#load(value, index, guards, fill);
  }

  #load(value: number, index: Affine, guards: readonly Guard[], fill: number): number {
    const access = this.builder.access(this.buffer(value), "read", index, guards, fill);
    return this.expression.add({ op: "load", access, dtype: this.block.type(value).dtype });
  }

  /** The buffer of a value as accesses name it. */
  buffer(value: number): { id: number; dtype: DType; elements: number } {
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
      case "scalar": {
        const args = op.inputs.map((input) => this.expand(input, indices, guards));
        return expression.add({ op: "scalar", f: lowering.op, args, dtype: type.dtype });
      }
      case "identity":
        return this.expand(op.inputs[0]!, indices, guards, fill);
      case "reshape": {
        const input = op.inputs[0]!;
        if (block.materialized[input]) return this.#load(input, weightedSum(indices, stridesOf(type.shape), rank), guards, fill);
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
        return rarePasses.get().expandPadded(this, op, view.fill, inner, guards, own);
      }
      case "rngBits": {
        const key = op.inputs[0]!;
        const word = (i: number): number => this.expand(key, [{ constant: i, coefficients: new Array<number>(rank).fill(0) }], guards);
        const counter = expression.add({ op: "position", index: weightedSum(indices, stridesOf(type.shape), rank), dtype: "int32" });
        const zero = expression.add({ op: "constant", value: 0, dtype: "int32" });
        return expression.add({ op: "threefry", word: 0, args: [word(0), word(1), counter, zero], dtype: "int32" });
      }
      default:
        return rarePasses.get().expandRare(this, value, op, indices, guards);
    }
  }
}
