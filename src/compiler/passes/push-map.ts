/** The simplest kernels: maps over a shape, copies, single scalars; and the parts of kernels that all are made of. */
import { type Affine, type ConcreteShape, sizeOf, stridesOf } from "../../graph/index.ts";
import type { Block } from "../draft.ts";
import { affineAxis, affineConstant, weightedSum } from "../kernels/affine.ts";
import type { Axis, Guard, Kernel } from "../kernels/kernel.ts";
import { Expression, KernelBuilder } from "../kernels/kernel-builder.ts";
import { Expander } from "./expand.ts";

/** The axes themselves as indices. */
export function identity(rank: number): Affine[] {
  return Array.from({ length: rank }, (_, axis) => affineAxis(rank, axis));
}

/** Parallel axes of these extents. */
export function parallel(shape: ConcreteShape): Axis[] {
  return shape.map((extent) => ({ extent, role: "parallel", dynamic: false }));
}

/** Reduce axes of these extents. */
export function reduced(extents: readonly number[]): Axis[] {
  return extents.map((extent) => ({ extent, role: "reduce", dynamic: false }));
}

/** A buffer of the draft as a kernel declares it. */
export function bufferOf(block: Block, id: number): { id: number; dtype: Kernel["buffers"][number]["dtype"]; elements: number } {
  const { dtype, elements } = block.draft.buffers[id]!;
  return { id, dtype, elements };
}

/** What every kernel made with a builder has. */
export function common(
  builder: KernelBuilder,
  axes: readonly Axis[],
  label: string,
): Pick<Kernel, "axes" | "buffers" | "accesses" | "scalars" | "label"> {
  return { axes, buffers: builder.kernelBuffers(), accesses: builder.accesses, scalars: builder.scalarTypes, label };
}

/**
 * A map kernel over `shape`: `entry` gives the value to store at each point, `target` the place (a flat index into
 * `buffer`, default row-major). `isUpdate`: an earlier kernel has filled the buffer, and the rest of it stays.
 */
export function pushMap(
  block: Block,
  shape: ConcreteShape,
  buffer: number,
  label: string,
  entry: (expander: Expander, indices: readonly Affine[]) => number,
  target?: { readonly index: Affine; readonly guards?: readonly Guard[]; readonly isUpdate?: boolean },
): void {
  if (sizeOf(shape) === 0) return;
  const rank = shape.length;
  const builder = new KernelBuilder(rank);
  const expander = new Expander(block, builder);
  const value = entry(expander, identity(rank));
  const index = target?.index ?? weightedSum(identity(rank), stridesOf(shape), rank);
  const access = builder.access(bufferOf(block, buffer), target?.isUpdate === true ? "update" : "write", index, target?.guards ?? []);
  block.push(
    builder.bound({
      kind: "map",
      ...common(builder, parallel(shape), label),
      expression: expander.expression.entries,
      stores: [{ access, value }],
    }),
  );
}

/** Copies one buffer to another of the same size, over axes of `shape` (default: one axis). */
export function pushCopy(block: Block, from: number, to: number, label: string, shape?: ConcreteShape): void {
  const { dtype, elements } = block.draft.buffers[from]!;
  if (elements === 0) return;
  const extents = shape ?? [elements];
  const index = { constant: 0, coefficients: stridesOf(extents) };
  const builder = new KernelBuilder(extents.length);
  const expression = new Expression();
  const source = builder.access(bufferOf(block, from), "read", index);
  const value = expression.add({ op: "load", access: source, dtype });
  const access = builder.access(bufferOf(block, to), "write", index);
  block.push(
    builder.bound({
      kind: "map",
      ...common(builder, parallel(extents), label),
      expression: expression.entries,
      stores: [{ access, value }],
    }),
  );
}

/** Stores a run-time scalar of the program in a buffer. */
export function pushScalar(block: Block, value: number, buffer: number): void {
  const { dtype } = block.type(value);
  const builder = new KernelBuilder(0);
  const expression = new Expression();
  const entry = expression.add({ op: "parameter", slot: builder.scalar(block.scalars.get(value)!, dtype), dtype });
  const access = builder.access(bufferOf(block, buffer), "write", affineConstant(0));
  block.push(
    builder.bound({ kind: "map", ...common(builder, [], "scalar"), expression: expression.entries, stores: [{ access, value: entry }] }),
  );
}
