/**
 * Running sums, products, maxima: one invocation per row, in order; or a workgroup per row, where rows are long and few: each
 * invocation combines a piece of the row, what stands before each piece is found in workgroup memory, then pieces are run through.
 */
import type { CumulativeKernel } from "../../../compiler/kernels/kernel.ts";
import { identityOf } from "../../../compiler/kernels/reducer-identity.ts";
import { isShortFloat } from "../../../dtype/index.ts";
import type { ScalarOp } from "../../../graph/index.ts";
import type { KernelCode, Surroundings } from "./kernel-code.ts";
import { literal, valueTypeOf } from "./literals.ts";
import { ModuleWriter } from "./module-writer.ts";
import { countText, placeAt, pointsOf, splitPoint } from "./points.ts";
import { scalarText } from "./scalars.ts";

const operations: Readonly<Record<CumulativeKernel["reducer"], ScalarOp>> = {
  sum: "add",
  prod: "multiply",
  max: "maximum",
  min: "minimum",
};

/** Rows that keep a device busy, and elements of a row that are worth a workgroup. */
const enoughRows = 4096;
const longRow = 256;

/** Lowers a running reduction. The form is a function of its shape. */
export function lowerCumulative(kernel: CumulativeKernel, surroundings: Surroundings): KernelCode {
  const rows = pointsOf(kernel.axes.slice(0, -1));
  // Floats of two bytes are rounded at each step: there is one order.
  const isSplit = rows < enoughRows && kernel.axes.at(-1)!.extent >= longRow && !isShortFloat(kernel.dtype) && kernel.dtype !== "bool";
  return isSplit ? lowerByGroup(kernel, surroundings) : lowerByRow(kernel, surroundings);
}

/** What both forms do with one element. */
class Steps {
  readonly identity: string;
  private readonly writer: ModuleWriter;
  private readonly kernel: CumulativeKernel;
  private readonly outer: ReadonlyMap<number, string>;

  constructor(writer: ModuleWriter, kernel: CumulativeKernel, outer: ReadonlyMap<number, string>) {
    this.writer = writer;
    this.kernel = kernel;
    this.outer = outer;
    this.identity = literal(kernel.dtype, identityOf(kernel.reducer, kernel.dtype));
  }

  combined(x: string, y: string): string {
    const { reducer, dtype } = this.kernel;
    return scalarText(operations[reducer], [x, y], dtype, dtype);
  }

  /** Takes element `step` (i32) into `state`; `stores`: and stores what `state` then is. */
  take(step: string, stores: boolean): void {
    const { writer, kernel } = this;
    const last = kernel.axes.length - 1;
    const at = kernel.reverse ? writer.let("at", `${writer.extent(last)} - 1i - ${step}`) : step;
    const place = placeAt(new Map([...this.outer, [last, at]]));
    const roots = stores ? writer.storeRoots([{ access: kernel.store, value: kernel.value }]) : [kernel.value];
    const values = writer.entries(kernel.expression, roots, place);
    writer.line(`state = ${this.combined("state", values.get(kernel.value)!)};`);
    if (stores) writer.store(kernel.store, place, "state", values);
  }
}

function lowerByRow(kernel: CumulativeKernel, surroundings: Surroundings): KernelCode {
  const writer = new ModuleWriter(kernel, surroundings);
  const last = kernel.axes.length - 1;
  const rows = [...kernel.axes.keys()].slice(0, -1);
  const points = pointsOf(kernel.axes.slice(0, -1));
  const index = writer.let("point", `group * 64u + lane`);
  writer.line(`if (${index} >= ${countText(writer, rows)}) { return; }`);
  const steps = new Steps(writer, kernel, splitPoint(writer, index, rows));
  writer.line(`var state = ${steps.identity};`);
  writer.line(`for (var step = 0i; step < ${writer.extent(last)}; step++) {`);
  steps.take("step", true);
  writer.line("}");
  return writer.finish(64, Math.ceil(points / 64));
}

function lowerByGroup(kernel: CumulativeKernel, surroundings: Surroundings): KernelCode {
  const writer = new ModuleWriter(kernel, surroundings);
  const last = kernel.axes.length - 1;
  const rows = [...kernel.axes.keys()].slice(0, -1);
  const size = Math.min(256, surroundings.limits.invocations);
  writer.line(`if (group >= ${countText(writer, rows)}) { return; }`);
  const steps = new Steps(writer, kernel, splitPoint(writer, "group", rows));
  writer.declare(`var<workgroup> pieces: array<${valueTypeOf(kernel.dtype)}, ${size}>;`);
  const extent = writer.extent(last);
  const each = writer.let("each", `(${extent} + ${size - 1}i) / ${size}i`);
  const begin = writer.let("begin", `min(i32(lane) * ${each}, ${extent})`);
  const end = writer.let("end", `min(${begin} + ${each}, ${extent})`);
  writer.line(`var state = ${steps.identity};`);
  writer.line(`for (var step = ${begin}; step < ${end}; step++) {`);
  steps.take("step", false);
  writer.line("}");
  // All pieces up to each one, twice as many in each turn.
  writer.line("pieces[lane] = state;");
  writer.line(`for (var away = 1u; away < ${size}u; away = away << 1u) {`);
  writer.line("workgroupBarrier();");
  writer.line("let before = pieces[select(lane, lane - away, lane >= away)];");
  writer.line("workgroupBarrier();");
  writer.line(`if (lane >= away) { pieces[lane] = ${steps.combined("before", "pieces[lane]")}; }`);
  writer.line("}");
  writer.line("workgroupBarrier();");
  writer.line(`state = ${steps.identity};`);
  writer.line("if (lane > 0u) { state = pieces[lane - 1u]; }");
  writer.line(`for (var step = ${begin}; step < ${end}; step++) {`);
  steps.take("step", true);
  writer.line("}");
  return writer.finish(size, pointsOf(kernel.axes.slice(0, -1)));
}
