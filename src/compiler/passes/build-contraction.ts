/** Kernels of contractions: one, or, where an operand is dilated, one per phase. */
import { widened } from "../../dtype/index.ts";
import { InternalError } from "../../errors.ts";
import { type Affine, type Contraction, type ContractIndex, sizeOf, stridesOf } from "../../graph/index.ts";
import type { Block } from "../draft.ts";
import type { Op } from "../flat-graph.ts";
import { affineAxis, compose, weightedSum } from "../kernels/affine.ts";
import type { Axis, Guard } from "../kernels/kernel.ts";
import { KernelBuilder } from "../kernels/kernel-builder.ts";
import { rarePasses } from "../parts.ts";
import type { Phase } from "./contraction-phases.ts";
import { Expander } from "./expand.ts";
import { bufferOf, common, pushMap } from "./push-map.ts";

/** Writes the value of a contraction to its buffer. */
export function buildContraction(block: Block, op: Op, output: number, contraction: Contraction, label: string): void {
  const type = block.type(output);
  if (sizeOf(type.shape) === 0) return;
  const isPlain = [...contraction.lhs, ...contraction.rhs].every(({ divisor = 1, guarded }) => divisor === 1 && guarded !== true);
  const phases = isPlain ? null : rarePasses.get().phasesOf(contraction, block.type(op.inputs[0]!).shape);
  if (phases === null) {
    buildPhase(
      block,
      op,
      output,
      { contraction, places: contraction.axes.map(() => ({ first: 0, step: 1 })), isEmpty: false },
      contraction,
      label,
    );
    return;
  }
  for (const phase of phases) buildPhase(block, op, output, phase, contraction, label);
}

/** The kernel of one phase, which stores at every `step`-th place of the whole output. */
function buildPhase(
  block: Block,
  op: Op,
  output: number,
  { contraction, places, isEmpty }: Phase,
  whole: Contraction,
  label: string,
): void {
  const [lhs, rhs] = [op.inputs[0]!, op.inputs[1]!];
  const type = block.type(output);
  const buffer = block.bufferOf(output);
  const { axes, out } = contraction;
  const outStrides = stridesOf(out.map((axis) => whole.axes[axis]!.extent));
  const stored = (position: (axis: number) => Affine, rank: number): Affine =>
    weightedSum(
      out.map((axis): Affine => {
        const { first, step } = places[axis]!;
        const { constant, coefficients } = position(axis);
        return { constant: first + step * constant, coefficients: coefficients.map((coefficient) => step * coefficient) };
      }),
      outStrides,
      rank,
    );
  if (isEmpty) {
    const extents = out.map((axis) => axes[axis]!.extent);
    const zero = (expander: Expander): number => expander.expression.add({ op: "constant", value: 0, dtype: type.dtype });
    const index = stored((axis) => affineAxis(extents.length, out.indexOf(axis)), extents.length);
    pushMap(block, extents, buffer, label, zero, { index });
    return;
  }
  const ranked = (["batch", "m", "n", "k"] as const).flatMap((role) => axes.flatMap((axis, i) => (axis.role === role ? [i] : [])));
  const rank = axes.length;
  const builder = new KernelBuilder(rank);
  const expander = new Expander(block, builder);
  const at = (f: Affine): Affine =>
    compose(
      f,
      axes.map((_, axis) => affineAxis(rank, ranked.indexOf(axis))),
      rank,
    );
  const operand = (value: number, indices: readonly ContractIndex[]): number => {
    const divisors = indices.map((index) => index.divisor ?? 1);
    const isDilated = divisors.some((divisor) => divisor > 1);
    const { shape } = block.type(value);
    const extents = shape.map((extent, axis) => Math.max(0, (extent - 1) * divisors[axis]! + 1));
    const moved = indices.map(at);
    const guards = indices.flatMap((index, axis): Guard[] =>
      index.guarded === true ? [{ index: moved[axis]!, limit: extents[axis]! }] : [],
    );
    if (isDilated) {
      const source = rarePasses.get().dilateOperand(block, value, divisors, label);
      return builder.access(bufferOf(block, source), "read", weightedSum(moved, stridesOf(extents), rank), guards);
    }
    const entry = expander.expression.entries[expander.expand(value, moved, guards)]!;
    if (entry.op !== "load") throw new InternalError("compiler", `an operand of ${op.primitive.name} is no plain view of a buffer`);
    return entry.access;
  };
  const lhsAccess = operand(lhs, contraction.lhs);
  const rhsAccess = operand(rhs, contraction.rhs);
  const access = builder.access(
    bufferOf(block, buffer),
    "write",
    stored((axis) => affineAxis(rank, ranked.indexOf(axis)), rank),
  );
  const kernelAxes = ranked.map((axis): Axis => ({
    extent: axes[axis]!.extent,
    role: axes[axis]!.role === "k" ? "reduce" : "parallel",
    dynamic: false,
  }));
  if (widened(type.dtype) !== "float32") {
    rarePasses.get().buildProducts(block, builder, { axes: kernelAxes, lhs: lhsAccess, rhs: rhsAccess, out: access }, type.dtype, label);
    return;
  }
  block.push(
    builder.bound({
      kind: "contract",
      ...common(builder, kernelAxes, label),
      roles: ranked.map((axis) => axes[axis]!.role),
      lhs: lhsAccess,
      rhs: rhsAccess,
      epilogue: [
        { op: "accumulator", index: 0, dtype: "float32" },
        ...(type.dtype === "float32" ? [] : [{ op: "scalar", f: "convert", args: [0], dtype: type.dtype } as const]),
      ],
      stores: [{ access, value: type.dtype === "float32" ? 0 : 1 }],
    }),
  );
}
