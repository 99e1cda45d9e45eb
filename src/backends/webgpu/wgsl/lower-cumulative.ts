/** Running sums, products, maxima: one invocation per row, in order. */
import type { CumulativeKernel } from "../../../compiler/kernels/kernel.ts";
import { identityOf } from "../../../compiler/kernels/reducer-identity.ts";
import type { KernelCode, Surroundings } from "./kernel-code.ts";
import { literal } from "./literals.ts";
import { ModuleWriter } from "./module-writer.ts";
import { countText, placeAt, pointsOf, splitPoint } from "./points.ts";
import { scalarText } from "./scalars.ts";
import type { ScalarOp } from "../../../graph/index.ts";

const operations: Readonly<Record<CumulativeKernel["reducer"], ScalarOp>> = {
  sum: "add",
  prod: "multiply",
  max: "maximum",
  min: "minimum",
};

/** Lowers a running reduction. */
export function lowerCumulative(kernel: CumulativeKernel, surroundings: Surroundings): KernelCode {
  const writer = new ModuleWriter(kernel, surroundings);
  const last = kernel.axes.length - 1;
  const rows = [...kernel.axes.keys()].slice(0, -1);
  const points = pointsOf(kernel.axes.slice(0, -1));
  const index = writer.let("point", "group * 64u + lane");
  writer.line(`if (${index} >= ${countText(writer, rows)}) { return; }`);
  const outer = splitPoint(writer, index, rows);
  const { dtype } = kernel;
  writer.line(`var state = ${literal(dtype, identityOf(kernel.reducer, dtype))};`);
  writer.line(`for (var step = 0i; step < ${writer.extent(last)}; step++) {`);
  const at = kernel.reverse ? writer.let("at", `${writer.extent(last)} - 1i - step`) : "step";
  const place = placeAt(new Map([...outer, [last, at]]));
  const values = writer.entries(kernel.expression, writer.storeRoots([{ access: kernel.store, value: kernel.value }]), place);
  writer.line(`state = ${scalarText(operations[kernel.reducer], ["state", values.get(kernel.value)!], dtype, dtype)};`);
  writer.store(kernel.store, place, "state", values);
  writer.line("}");
  return writer.finish(64, Math.ceil(points / 64));
}
