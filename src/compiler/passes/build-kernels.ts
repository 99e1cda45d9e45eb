/** Makes the kernels of one block: one or more per value that is written to a buffer. */
import { InternalError } from "../../errors.ts";
import { type Affine, sizeOf, stridesOf } from "../../graph/index.ts";
import type { Block } from "../draft.ts";
import type { Op } from "../flat-graph.ts";
import { affineAxis, affineConstant, weightedSum } from "../kernels/affine.ts";
import type { Axis, Guard } from "../kernels/kernel.ts";
import { KernelBuilder } from "../kernels/kernel-builder.ts";
import { buildContraction } from "./build-contraction.ts";
import { buildControlFlow } from "./build-control-flow.ts";
import { buildSort } from "./build-sort.ts";
import { Expander } from "./expand.ts";
import { materialize } from "./materialize.ts";
import { buildWindow, buildWindowScatter } from "./build-windows.ts";
import { bufferOf, common, identity, parallel, pushCopy, pushMap, reduced } from "./push-map.ts";

/** Fills `block.steps`. Parameters, data and scalars must be bound before. */
export function buildKernels(block: Block): void {
  for (const [value, data] of block.graph.data) {
    if (!block.hasBuffer(value)) block.bind(value, block.draft.addConstant(block.type(value).dtype, data));
  }
  materialize(block);
  for (const op of block.graph.ops) {
    const output = op.outputs[0]!;
    const { kind } = op.primitive.lowering;
    if (!op.outputs.some((value) => block.materialized[value])) continue;
    if ((kind === "reshape" || kind === "identity") && block.materialized[op.inputs[0]!] && !block.hasBuffer(output)) {
      block.bind(output, block.bufferOf(op.inputs[0]!));
      continue;
    }
    if (kind === "scan" || kind === "while" || kind === "cond") {
      buildControlFlow(block, op);
      continue;
    }
    if (!block.hasBuffer(output)) block.bind(output, block.draft.addFor(block.type(output)));
    buildRoot(block, op, output);
  }
}

/** Name of a kernel in errors and profiles. */
function labelOf(op: Op): string {
  return op.scope === "" ? op.primitive.name : `${op.scope}/${op.primitive.name}`;
}

function buildRoot(block: Block, op: Op, output: number): void {
  const { lowering } = op.primitive;
  const label = labelOf(op);
  const type = block.type(output);
  const buffer = block.bufferOf(output);
  const inputShape = op.inputs.length > 0 ? block.type(op.inputs[0]!).shape : [];
  switch (lowering.kind) {
    case "constant":
    case "iota":
    case "scalar":
    case "identity":
    case "reshape":
    case "gather":
    case "windowGather":
    case "rngBits":
      pushMap(block, type.shape, buffer, label, (expander, indices) => expander.inline(output, indices));
      return;
    case "view": {
      const view = lowering.view(block.type(op.inputs[0]!), type, op.attributes);
      if (view.divisors === undefined) pushMap(block, type.shape, buffer, label, (expander, indices) => expander.inline(output, indices));
      else buildDilated(block, op, output, label);
      return;
    }
    case "concatenate": {
      const axis = Number(op.attributes["axis"]);
      let start = 0;
      for (const input of op.inputs) {
        const { shape } = block.type(input);
        const strides = stridesOf(type.shape);
        const index = weightedSum(identity(shape.length), strides, shape.length);
        const at = { ...index, constant: index.constant + start * strides[axis]! };
        pushMap(block, shape, buffer, label, (expander, indices) => expander.expand(input, indices), { index: at });
        start += shape[axis]!;
      }
      return;
    }
    case "reduce": {
      const axes = op.attributes["axes"] === undefined ? [Number(op.attributes["axis"])] : (op.attributes["axes"] as readonly number[]);
      buildReduce(block, op, output, axes, lowering.reducer, label);
      return;
    }
    case "cumulative": {
      const scanned = Number(op.attributes["axis"]);
      const order = [...inputShape.keys()].filter((axis) => axis !== scanned).concat(scanned);
      const rank = order.length;
      if (sizeOf(inputShape) === 0) return;
      const builder = new KernelBuilder(rank);
      const expander = new Expander(block, builder);
      const indices = inputShape.map((_, axis) => affineAxis(rank, order.indexOf(axis)));
      const value = expander.expand(op.inputs[0]!, indices);
      const store = builder.access(bufferOf(block, buffer), "write", weightedSum(indices, stridesOf(inputShape), rank));
      const axes = order.map((axis, i): Axis => ({
        extent: inputShape[axis]!,
        role: i === rank - 1 ? "reduce" : "parallel",
        dynamic: false,
      }));
      block.push(
        builder.bound({
          kind: "cumulative",
          ...common(builder, axes, label),
          reducer: lowering.reducer,
          reverse: op.attributes["reverse"] === true,
          expression: expander.expression.entries,
          value,
          dtype: type.dtype,
          store,
        }),
      );
      return;
    }
    case "contract":
      buildContraction(
        block,
        op,
        output,
        lowering.contraction(
          op.inputs.map((input) => block.type(input)),
          type,
          op.attributes,
        ),
        label,
      );
      return;
    case "sort":
      buildSort(block, op, label);
      return;
    case "windowSum":
      buildWindow(block, op, output, lowering.geometry(op.attributes), "sum", label);
      return;
    case "windowArgmax":
      buildWindow(block, op, output, lowering.geometry(op.attributes), "argmax", label);
      return;
    case "windowMax":
      buildWindow(block, op, output, lowering.geometry(op.attributes), "max", label);
      return;
    case "windowScatter":
      buildWindowScatter(block, op, output, lowering.geometry(op.attributes), label);
      return;
    case "scatter": {
      pushCopy(block, block.bufferOf(op.inputs[0]!), buffer, label);
      const [, source, updates] = op.inputs as readonly [number, number, number];
      const { shape } = block.type(updates);
      if (sizeOf(shape) === 0) return;
      const rank = shape.length;
      const builder = new KernelBuilder(rank);
      const expander = new Expander(block, builder);
      const indices = identity(rank);
      const plan = lowering.scatter(
        op.inputs.map((input) => block.type(input)),
        type,
        op.attributes,
      );
      const strides = stridesOf(type.shape);
      const value = expander.expand(updates, indices);
      const moving = new Set(plan.dynamic.map((term) => term.axis));
      const dynamic = plan.dynamic.map(({ axis, indexAt, limit }) => ({
        value: expander.limited(expander.expand(source, indexAt), limit),
        stride: strides[axis]!,
        extent: type.shape[axis]!,
        mode: plan.mode,
        offset: plan.base[axis]!,
      }));
      const fixed = plan.base.map((index, axis) => (moving.has(axis) ? affineConstant(rank) : index));
      const store = builder.access(bufferOf(block, buffer), "write", weightedSum(fixed, strides, rank), [], 0, dynamic);
      const kernel = { kind: "scatter" as const, mode: lowering.mode, expression: expander.expression.entries, value, store };
      block.push(builder.bound({ ...kernel, ...common(builder, parallel(shape), label) }));
      return;
    }
    default:
      throw new InternalError("compiler", `no kernel for ${op.primitive.name}`);
  }
}

function buildReduce(
  block: Block,
  op: Op,
  output: number,
  axes: readonly number[],
  reducer: "sum" | "max" | "min" | "prod" | "any" | "all" | "argmax" | "argmin",
  label: string,
): void {
  const input = op.inputs[0]!;
  const { shape } = block.type(input);
  const type = block.type(output);
  if (sizeOf(type.shape) === 0) return;
  const kept = [...shape.keys()].filter((axis) => !axes.includes(axis));
  const order = [...kept, ...[...axes].sort((a, b) => a - b)];
  const rank = order.length;
  const builder = new KernelBuilder(rank);
  const expander = new Expander(block, builder);
  const value = expander.expand(
    input,
    shape.map((_, axis) => affineAxis(rank, order.indexOf(axis))),
  );
  const outIndex = weightedSum(
    kept.map((_, i) => affineAxis(rank, i)),
    stridesOf(type.shape),
    rank,
  );
  const access = builder.access(bufferOf(block, block.bufferOf(output)), "write", outIndex);
  const kernelAxes = [...parallel(kept.map((axis) => shape[axis]!)), ...reduced(order.slice(kept.length).map((axis) => shape[axis]!))];
  block.push(
    builder.bound({
      kind: "reduce",
      ...common(builder, kernelAxes, label),
      expression: expander.expression.entries,
      reducers: [{ reducer, value, dtype: type.dtype }],
      epilogue: [{ op: "accumulator", index: 0, dtype: type.dtype }],
      stores: [{ access, value: 0 }],
    }),
  );
}

/** Interior padding: the fill everywhere, then the elements at their places. */
function buildDilated(block: Block, op: Op, output: number, label: string): void {
  const input = op.inputs[0]!;
  const inputType = block.type(input);
  const type = block.type(output);
  const { lowering } = op.primitive;
  if (lowering.kind !== "view") throw new InternalError("compiler", "not a view");
  const view = lowering.view(inputType, type, op.attributes);
  const buffer = block.bufferOf(output);
  pushMap(block, type.shape, buffer, label, (expander) =>
    view.fill === "operand"
      ? expander.expand(op.inputs[1]!, [])
      : expander.expression.add({ op: "constant", value: Number(view.fill), dtype: type.dtype }),
  );
  // index_in = (out - low) / d, so out = d * in + low where index = (1 * out + constant) / d.
  const rank = inputType.shape.length;
  const place = inputType.shape.map((_, axis): Affine => {
    const index = view.indices[axis]!;
    const coefficients = new Array<number>(rank).fill(0);
    coefficients[axis] = view.divisors![axis]!;
    return { constant: -index.constant, coefficients };
  });
  const guards = inputType.shape.map((_, axis): Guard => ({ index: place[axis]!, limit: type.shape[axis]! }));
  pushMap(block, inputType.shape, buffer, label, (expander, indices) => expander.expand(input, indices), {
    index: weightedSum(place, stridesOf(type.shape), rank),
    guards,
    isUpdate: true,
  });
}
