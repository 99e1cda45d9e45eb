/** Kernels of windows: pooling and its gradients are reductions whose accesses overlap. */
import { dtypes } from "../../dtype/index.ts";
import { type Affine, sizeOf, stridesOf, type WindowGeometry } from "../../graph/index.ts";
import type { Block } from "../draft.ts";
import type { Op } from "../flat-graph.ts";
import { affineAxis, affineConstant, weightedSum } from "../kernels/affine.ts";
import type { Axis, Entry, Guard } from "../kernels/kernel.ts";
import { KernelBuilder } from "../kernels/kernel-builder.ts";
import { Expander } from "./expand.ts";
import { bufferOf, common, parallel, reduced } from "./push-map.ts";
import { slidingAxes } from "./window-indices.ts";

/** Reductions over windows: parallel axes of the output, reduce axes inside the window. Padding reads the neutral element. */
export function buildWindow(
  block: Block,
  op: Op,
  output: number,
  geometry: WindowGeometry,
  reducer: "sum" | "argmax" | "max",
  label: string,
): void {
  const input = op.inputs[0]!;
  const { shape, dtype } = block.type(input);
  const type = block.type(output);
  if (sizeOf(type.shape) === 0) return;
  const sliding = slidingAxes(geometry);
  const rank = shape.length + sliding.length;
  const builder = new KernelBuilder(rank);
  const expander = new Expander(block, builder);
  const indices = shape.map((_, axis): Affine => {
    const index = affineConstant(rank, -geometry.padding[axis]![0]);
    const coefficients = [...index.coefficients];
    coefficients[axis] = geometry.strides[axis]!;
    const inner = sliding.indexOf(axis);
    if (inner >= 0) coefficients[shape.length + inner] = 1;
    return { constant: index.constant, coefficients };
  });
  const guards = shape.flatMap((limit, axis): Guard[] =>
    geometry.padding[axis]!.some((amount) => amount > 0) ? [{ index: indices[axis]!, limit }] : [],
  );
  const [lowest] = dtypes[dtype].range;
  const value = expander.expand(input, indices, guards, reducer === "sum" ? 0 : lowest);
  const access = builder.access(
    bufferOf(block, block.bufferOf(output)),
    "write",
    weightedSum(
      type.shape.map((_, axis) => affineAxis(rank, axis)),
      stridesOf(type.shape),
      rank,
    ),
  );
  block.push(
    builder.bound({
      kind: "reduce",
      ...common(builder, [...parallel(type.shape), ...reduced(sliding.map((axis) => geometry.window[axis]!))], label),
      expression: expander.expression.entries,
      reducers: [{ reducer, value, dtype: type.dtype }],
      epilogue: [{ op: "accumulator", index: 0, dtype: type.dtype }],
      stores: [{ access, value: 0 }],
    }),
  );
}

/**
 * Gradient of max pooling, gather-side. Along an axis with window k, stride s, low padding p, input position i lies in
 * window q - t at offset s*t + r, where i + p = s*q + r: so the kernel runs over (q, r) and reduces over t, and every
 * index is affine.
 */
export function buildWindowScatter(block: Block, op: Op, output: number, geometry: WindowGeometry, label: string): void {
  const [values, positions] = [op.inputs[0]!, op.inputs[1]!];
  const { shape, dtype } = block.type(output);
  const outShape = block.type(values).shape;
  if (sizeOf(shape) === 0) return;
  const sliding = shape.map(
    (_, axis) => geometry.window[axis]! > 1 || geometry.strides[axis]! > 1 || geometry.padding[axis]!.some((amount) => amount !== 0),
  );
  const axes: Axis[] = [];
  const quotientAxis: number[] = [];
  const restAxis: number[] = [];
  const windowAxis: number[] = [];
  shape.forEach((extent, axis) => {
    const stride = geometry.strides[axis]!;
    const low = geometry.padding[axis]![0];
    quotientAxis[axis] = axes.length;
    axes.push({ extent: sliding[axis]! ? Math.ceil((extent + low) / stride) : extent, role: "parallel", dynamic: false });
    restAxis[axis] = axes.length;
    axes.push({ extent: sliding[axis]! ? stride : 1, role: "parallel", dynamic: false });
  });
  shape.forEach((_, axis) => {
    windowAxis[axis] = axes.length;
    axes.push({ extent: sliding[axis]! ? Math.ceil(geometry.window[axis]! / geometry.strides[axis]!) : 1, role: "reduce", dynamic: false });
  });
  const rank = axes.length;
  const affine = (constant: number, terms: readonly (readonly [number, number])[]): Affine => {
    const coefficients = new Array<number>(rank).fill(0);
    for (const [axis, c] of terms) coefficients[axis]! += c;
    return { constant, coefficients };
  };
  const builder = new KernelBuilder(rank);
  const expander = new Expander(block, builder);
  const windowIndex = shape.map((_, axis) =>
    affine(0, [
      [quotientAxis[axis]!, 1],
      [windowAxis[axis]!, -1],
    ]),
  );
  const offsets = shape.map((_, axis) =>
    affine(0, [
      [windowAxis[axis]!, geometry.strides[axis]!],
      [restAxis[axis]!, 1],
    ]),
  );
  const guards: Guard[] = [];
  shape.forEach((extent, axis) => {
    if (!sliding[axis]!) return;
    const [low] = geometry.padding[axis]!;
    const exact = geometry.window[axis] === geometry.strides[axis] && low === 0 && extent === outShape[axis]! * geometry.strides[axis]!;
    if (exact) return;
    guards.push({ index: windowIndex[axis]!, limit: outShape[axis]! });
    if (geometry.window[axis]! % geometry.strides[axis]! !== 0) guards.push({ index: offsets[axis]!, limit: geometry.window[axis]! });
  });
  const inner = slidingAxes(geometry);
  const code = weightedSum(
    inner.map((axis) => offsets[axis]!),
    stridesOf(inner.map((axis) => geometry.window[axis]!)),
    rank,
  );
  const add = (entry: Entry): number => expander.expression.add(entry);
  const at = expander.expand(positions, windowIndex, guards, -1);
  const hit = add({ op: "scalar", f: "equal", args: [at, add({ op: "position", index: code, dtype: "int32" })], dtype: "bool" });
  const there = expander.expand(values, windowIndex, guards);
  const zero = add({ op: "constant", value: 0, dtype });
  const value = add({ op: "scalar", f: "select", args: [hit, there, zero], dtype });
  const place = shape.map((_, axis) =>
    affine(sliding[axis]! ? -geometry.padding[axis]![0] : 0, [
      [quotientAxis[axis]!, sliding[axis]! ? geometry.strides[axis]! : 1],
      [restAxis[axis]!, 1],
    ]),
  );
  const storeGuards = shape.flatMap((extent, axis): Guard[] => {
    const overhangs = sliding[axis]! && (geometry.padding[axis]![0] > 0 || extent % geometry.strides[axis]! !== 0);
    return overhangs ? [{ index: place[axis]!, limit: extent }] : [];
  });
  const access = builder.access(bufferOf(block, block.bufferOf(output)), "write", weightedSum(place, stridesOf(shape), rank), storeGuards);
  block.push(
    builder.bound({
      kind: "reduce",
      ...common(builder, axes, label),
      expression: expander.expression.entries,
      reducers: [{ reducer: "sum", value, dtype }],
      epilogue: [{ op: "accumulator", index: 0, dtype }],
      stores: [{ access, value: 0 }],
    }),
  );
}
