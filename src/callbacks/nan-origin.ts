/** Finds out which operation made the first NaN of a training run. */
import { ValueError } from "../errors.ts";
import type { NdArray, Tensor } from "../graph/index.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { Callback, type Logs } from "./callback.ts";
import { firstNaN, type InfinityOrigin, type NaNFinding, summarizeValues, type ValueSummary } from "./first-nan.ts";
import { Snapshot, trainingState } from "./snapshot.ts";
import { writeText } from "./terminal.ts";

/** Options of NaNOrigin. */
export interface NaNOriginOptions {
  /** Gets the report, once. Default: it is printed. */
  readonly onReport?: ((report: NaNReport) => void) | null;
}

/** What made the loss a NaN. */
export interface NaNReport {
  /** Epoch and batch, counted from 0. */
  readonly epoch: number;
  readonly batch: number;
  readonly loss: number;
  /** The operation; null where the NaN came from outside. */
  readonly finding: NaNFinding | null;
  /** Where the NaN came from, if it was there before the step: "the data", or the path of a variable. */
  readonly source: string | null;
  /** The layers around the operation, outermost first: `net/head`. */
  readonly layers: string | null;
  /** The report in words. */
  readonly text: string;
}

/**
 * Stops training at the first batch whose loss is NaN or infinite, runs that batch again from the state before it,
 * operation by operation with the meaning of each, and tells the operation, the layer and the values that made the first
 * NaN. To be able to, it holds the state before each step: training is slower and takes twice the memory for weights.
 *
 * @example
 * await model.fit(x, y, { epochs: 5, callbacks: [new callbacks.NaNOrigin()] });
 */
export class NaNOriginCallback extends Callback {
  /** What was found; null as long as every loss was a number. */
  report: NaNReport | null = null;
  readonly #onReport: ((report: NaNReport) => void) | null;
  #epoch = 0;
  #before: Snapshot | null = null;

  constructor(options: NaNOriginOptions = {}) {
    super();
    checkOptions("NaNOrigin", options, ["onReport"]);
    this.#onReport = options.onReport ?? null;
    if (this.#onReport !== null && typeof this.#onReport !== "function")
      throw new ValueError({
        where: "NaNOrigin",
        problem: "onReport is no function",
        expected: "(report) => void",
        received: typeof this.#onReport,
      });
  }

  override onTrainBegin(): void {
    this.report = null;
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
  }

  override onTrainBatchBegin(): void {
    this.#before = Snapshot.hold(trainingState("NaNOrigin", this.model));
  }

  override onTrainBatchEnd(batch: number, logs: Logs): void | Promise<void> {
    const { loss } = logs;
    if (loss === undefined || Number.isFinite(loss) || this.report !== null) return;
    this.model.stopTraining = true;
    return this.#search(batch, loss);
  }

  override onTrainEnd(): void {
    this.#before = null;
  }

  async #search(batch: number, loss: number): Promise<void> {
    const traced = this.model.session?.traceLastTraining() ?? null;
    if (traced === null || this.#before === null) return;
    const leaves = new Map<Tensor, NdArray>();
    let source: string | null = null;
    let infinity: InfinityOrigin | null = null;
    for (const [variable, leaf] of traced.reads) {
      const value = this.#before.valueOf(variable);
      const data = await (value ?? variable).data();
      const array: NdArray = { shape: variable.shape, dtype: variable.dtype, data };
      leaves.set(leaf, array);
      // What metrics hold is no cause: the last step has changed it.
      if (value === undefined) continue;
      const { nans, infinities } = summarizeValues(array);
      if (nans > 0) source ??= variable.path;
      if (infinities > 0) infinity ??= { operation: "an earlier step", scope: variable.path };
    }
    const results = [...Object.values(traced.result), ...traced.updates.values()];
    source = dataHoldsNaN(results) ? "the data" : source;
    const finding = source === null ? await firstNaN(results, leaves, infinity) : null;
    const layers = finding === null ? null : layerPath(finding.scope);
    const parts = { epoch: this.#epoch, batch, loss, finding, source, layers };
    this.report = { ...parts, text: describeReport(parts) };
    if (this.#onReport === null) writeText(`${this.report.text}\n`);
    else this.#onReport(this.report);
  }
}

/** Whether a NaN is among the data of a graph. */
function dataHoldsNaN(results: readonly Tensor[]): boolean {
  const seen = new Set<unknown>();
  const pending = results.map(({ node }) => node);
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.primitive.name === "data" && node.values.some((values) => values?.some(Number.isNaN) === true)) return true;
    for (const input of node.inputs) pending.push(input.node);
  }
  return false;
}

/** `Sequential "net"/Dense "head"/matmul` as `net/head`; null outside of layers. */
function layerPath(scope: string): string | null {
  const names = [...scope.matchAll(/"([^"]*)"/g)].map((match) => match[1]!);
  return names.length === 0 ? null : names.join("/");
}

function valuesText({ shape, dtype, minimum, maximum, nans, infinities }: ValueSummary): string {
  const range = minimum === null ? "no finite value" : `${minimum} to ${maximum}`;
  const odd = [nans > 0 ? `${nans} NaN` : "", infinities > 0 ? `${infinities} infinite` : ""].filter((text) => text !== "");
  return `${dtype} [${shape.join(", ")}], ${[range, ...odd].join(", ")}`;
}

function describeReport({ epoch, batch, loss, finding, source, layers }: Omit<NaNReport, "text">): string {
  const lines = [`NaNOrigin: the loss is ${loss} in epoch ${epoch + 1}, batch ${batch + 1}`];
  if (source !== null) lines.push(`  the NaN was there before the step: in ${source}`);
  else if (finding === null) lines.push("  no operation made a NaN: the loss overflowed, or another back-end rounds otherwise");
  else {
    lines.push(`  operation  ${finding.operation}${finding.scope === "" ? "" : `, in ${finding.scope}`}`);
    lines.push(`  layer      ${layers ?? "none: the loss, its gradients or the optimizer"}`);
    finding.inputs.forEach((input, i) => lines.push(`  input ${i}    ${valuesText(input)}`));
    lines.push(`  output     ${valuesText(finding.output)}`);
    if (finding.infinity !== null)
      lines.push(
        `  before     ${finding.infinity.operation} made the first infinity${finding.infinity.scope === "" ? "" : `, in ${finding.infinity.scope}`}`,
      );
  }
  return lines.join("\n");
}

/** Finds out which operation made the first NaN; see {@link NaNOriginCallback}. */
export const NaNOrigin: CallableClass<typeof NaNOriginCallback> = /* @__PURE__ */ callableClass(NaNOriginCallback);
export type NaNOrigin = NaNOriginCallback;
