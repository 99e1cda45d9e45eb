/** The progress line of training, as Keras writes it. */
import { isInteractiveLoggingEnabled } from "../config/index.ts";
import { Callback, type CallbackParameters, type Logs } from "./callback.ts";
import { isColoured, isTerminal, writeText } from "./terminal.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";

const barWidth = 20;
/** Shortest time between two drawings of the bar, milliseconds. */
const intervalMs = 50;

/**
 * Shows progress: on a terminal a bar with the time left, the time per step and the metrics so far; elsewhere, and with
 * `verbose: 2`, one line per epoch.
 */
export class ProgressBarCallback extends Callback {
  readonly #write: (text: string) => void;
  readonly #animated: boolean;
  #epoch = 0;
  #start = 0;
  #afterFirst: number | null = null;
  #drawn = 0;
  #width = 0;
  #seen = 0;
  #training = false;
  /** Whether the present batch is to be drawn; null where nobody has asked. */
  #draws: boolean | null = null;

  /** By default writes to standard output. */
  constructor(output: { write: (text: string) => void; terminal: boolean } = { write: writeText, terminal: isTerminal() }) {
    super();
    this.#write = output.write;
    this.#animated = output.terminal;
  }

  get #barred(): boolean {
    return this.#animated && this.parameters.verbose === 1 && isInteractiveLoggingEnabled();
  }

  override setParameters(parameters: CallbackParameters): void {
    super.setParameters(parameters);
  }

  override onTrainBegin(): void {
    this.#training = true;
  }

  override onTrainEnd(): void {
    this.#training = false;
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
    this.#begin();
    if (this.#barred && this.parameters.epochs > 1) this.#write(`Epoch ${epoch + 1}/${this.parameters.epochs}\n`);
  }

  /** The bar looks at the logs where it is drawn anew. */
  override readsBatchLogs(): boolean {
    return (this.#draws = this.#isDue(performance.now()));
  }

  #isDue(now: number): boolean {
    return this.#barred && now - this.#drawn >= intervalMs;
  }

  override onTrainBatchEnd(batch: number, logs: Logs): void {
    this.#step(batch, logs);
  }

  override onEpochEnd(_epoch: number, logs: Logs): void {
    this.#finish(logs);
  }

  override onTestBegin(): void {
    if (!this.#training) this.#begin();
  }

  override onTestBatchEnd(batch: number, logs: Logs): void {
    if (!this.#training) this.#step(batch, logs);
  }

  override onTestEnd(logs: Logs): void {
    if (!this.#training) this.#finish(logs);
  }

  override onPredictBegin(): void {
    this.#begin();
  }

  override onPredictBatchEnd(batch: number): void {
    this.#step(batch, {});
  }

  override onPredictEnd(): void {
    this.#finish({});
  }

  #begin(): void {
    this.#start = performance.now();
    this.#afterFirst = null;
    this.#drawn = 0;
    this.#width = 0;
    this.#seen = 0;
  }

  #step(batch: number, logs: Logs): void {
    this.#seen = batch + 1;
    const now = performance.now();
    if (this.#afterFirst === null) this.#afterFirst = now;
    const draws = this.#draws ?? this.#isDue(now);
    this.#draws = null;
    if (!draws) return;
    this.#drawn = now;
    this.#draw(now, logs, false);
  }

  #finish(logs: Logs): void {
    const now = performance.now();
    if (this.#barred) {
      this.#draw(now, logs, true);
      this.#write("\n");
      return;
    }
    const count = `${this.#seen}/${this.parameters.steps ?? this.#seen}`;
    const epoch = this.#training && this.parameters.epochs > 1 ? `Epoch ${this.#epoch + 1}/${this.parameters.epochs} - ` : "";
    this.#write(`${epoch}${count} - ${seconds(now - this.#start)} - ${this.#stepTime(now)}${metricsText(logs)}\n`);
  }

  #draw(now: number, logs: Logs, final: boolean): void {
    const target = this.parameters.steps;
    let head: string;
    let plain: string;
    if (target === null) {
      plain = head = `${String(this.#seen).padStart(7)}/Unknown`;
    } else {
      const digits = String(target).length;
      const counter = `${String(this.#seen).padStart(digits)}/${target}`;
      const filled = Math.min(barWidth, Math.floor((barWidth * this.#seen) / target));
      plain = `${counter} ${"━".repeat(barWidth)}`;
      // Without colours the two parts of the bar are other characters.
      head = isColoured()
        ? `\x1b[1m${counter}\x1b[0m ${filled > 0 ? `\x1b[32m${"━".repeat(filled)}\x1b[0m` : ""}\x1b[37m${"━".repeat(barWidth - filled)}\x1b[0m`
        : `${counter} ${"━".repeat(filled)}${"·".repeat(barWidth - filled)}`;
    }
    const left = target !== null && !final ? remaining((this.#perStep(now) * (target - this.#seen)) / 1000) : seconds(now - this.#start);
    const rest = ` ${this.#stepTime(now)}${metricsText(logs)}`;
    const width = plain.length + 1 + left.length + rest.length;
    const time = isColoured() ? `\x1b[1m${left}\x1b[0m` : left;
    this.#write(`\r${head} ${time}${rest}${" ".repeat(Math.max(0, this.#width - width))}`);
    this.#width = width;
  }

  /** Milliseconds per step; the first step, which compiles, does not count once there are more. */
  #perStep(now: number): number {
    if (this.#seen === 0) return 0;
    if (this.#seen > 1 && this.#afterFirst !== null) return (now - this.#afterFirst) / (this.#seen - 1);
    return (now - this.#start) / this.#seen;
  }

  #stepTime(now: number): string {
    const ms = this.#perStep(now);
    if (ms >= 1000 || ms === 0) return `${(ms / 1000).toFixed(0)}s/step`;
    return ms >= 1 ? `${ms.toFixed(0)}ms/step` : `${(ms * 1000).toFixed(0)}us/step`;
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(0)}s`;
}

function remaining(inSeconds: number): string {
  const whole = Math.floor(inSeconds);
  const two = (n: number): string => String(n).padStart(2, "0");
  if (whole > 3600) return `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  return whole > 60 ? `${Math.floor(whole / 60)}:${two(whole % 60)}` : `${whole}s`;
}

/** ` - accuracy: 0.9731 - loss: 0.0912`; small values in scientific notation, NaN as NaN. */
export function metricsText(logs: Logs): string {
  return Object.entries(logs)
    .map(([key, value]) => ` - ${key}: ${formatMetric(value)}`)
    .join("");
}

function formatMetric(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (Math.abs(value) > 1e-3) return value.toFixed(4);
  const [mantissa, exponent] = value.toExponential(4).split("e");
  const sign = exponent!.startsWith("-") ? "-" : "+";
  return `${mantissa!}e${sign}${exponent!.replace(/[+-]/, "").padStart(2, "0")}`;
}

/** The progress line of training; see {@link ProgressBarCallback}. */
export const ProgressBar: CallableClass<typeof ProgressBarCallback> = /* @__PURE__ */ callableClass(ProgressBarCallback);
export type ProgressBar = ProgressBarCallback;
