/** A logged value that callbacks watch: which way it gets better, and whether it did. */
import { nearestNames, UnknownNameError, ValueError } from "../errors.ts";
import type { CallbackModel } from "./callback-model.ts";
import type { CallbackParameters, Logs } from "./callback.ts";

/** Whether smaller ("min") or larger ("max") is better; "auto" asks the metric. */
export type MonitorMode = "auto" | "min" | "max";

/** Options of a Monitor. */
export interface MonitorOptions {
  /** Key in the logs. Default "val_loss". */
  readonly monitor?: string;
  /** Default "auto". */
  readonly mode?: MonitorMode;
  /** What counts as better: more than this. Default 0. */
  readonly minDelta?: number;
}

/** Watches one entry of the logs. */
export class Monitor {
  readonly monitor: string;
  readonly mode: MonitorMode;
  readonly minDelta: number;
  readonly #where: string;
  readonly #plateau: boolean;
  #sign: 1 | -1 | null = null;

  /**
   * `plateau`: as Keras's ReduceLROnPlateau watches, where a negative minDelta lets what is a little worse count as better,
   * and what no metric knows is better when it is smaller, unless it is an accuracy by its name.
   */
  constructor(where: string, options: MonitorOptions, { plateau = false }: { readonly plateau?: boolean } = {}) {
    this.#where = where;
    this.#plateau = plateau;
    this.monitor = options.monitor ?? "val_loss";
    this.mode = options.mode ?? "auto";
    this.minDelta = plateau ? (options.minDelta ?? 0) : Math.abs(options.minDelta ?? 0);
    if (!["auto", "min", "max"].includes(this.mode)) {
      throw new UnknownNameError({
        where,
        problem: "mode has no such choice",
        expected: '"auto", "min", "max"',
        received: JSON.stringify(this.mode),
      });
    }
    if (typeof this.monitor !== "string" || this.monitor === "" || !Number.isFinite(this.minDelta)) {
      throw new ValueError({
        where,
        problem: "monitor is the name of a logged value, minDelta a number",
        expected: '{ monitor: "val_loss", minDelta: 0 }',
        received: JSON.stringify({ monitor: this.monitor, minDelta: options.minDelta }),
      });
    }
  }

  /** 1 where larger is better, -1 where smaller is; null before that is known. */
  get direction(): number | null {
    return this.#sign;
  }

  set direction(sign: number | null) {
    this.#sign = sign === 1 || sign === -1 ? sign : null;
  }

  /**
   * The value in the logs of an epoch; null where validation did not happen this time. Throws UnknownNameError where
   * there never was such a value, ValueError where nobody knows which way it gets better.
   */
  value(logs: Logs, model: CallbackModel, parameters: CallbackParameters | undefined): number | null {
    const value = logs[this.monitor];
    if (value === undefined) {
      if (this.#sign !== null) return null;
      const unvalidated = this.monitor.startsWith("val_") && !Object.keys(logs).some((key) => key.startsWith("val_"));
      if (unvalidated && parameters?.validates === true) return null;
      throw this.#missing(Object.keys(logs), unvalidated);
    }
    this.#sign ??= this.#direction(model);
    return value;
  }

  #missing(keys: readonly string[], unvalidated: boolean): UnknownNameError {
    const near = nearestNames(this.monitor, keys);
    return new UnknownNameError({
      where: this.#where,
      problem: `the logs have no "${this.monitor}"`,
      expected: keys.join(", "),
      received: JSON.stringify(this.monitor),
      advice: unvalidated
        ? "give fit validationData or validationSplit"
        : near.length > 0
          ? `perhaps "${near[0]!}"`
          : "monitor one of these",
    });
  }

  /** 1 where larger is better, -1 where smaller is. */
  #direction(model: CallbackModel): 1 | -1 {
    if (this.mode !== "auto") return this.mode === "max" ? 1 : -1;
    const direction = model.directionOf(this.monitor);
    if (direction !== null) return direction === "up" ? 1 : -1;
    if (this.#plateau) return this.monitor.includes("acc") ? 1 : -1;
    throw new ValueError({
      where: this.#where,
      problem: `whether more or less of "${this.monitor}" is better is not known`,
      expected: 'mode: "min" or mode: "max"',
      received: 'mode: "auto"',
    });
  }

  /** Whether `value` is better than `reference` by more than minDelta. NaN never is; anything is better than nothing. */
  isBetter(value: number, reference: number | null): boolean {
    if (Number.isNaN(value)) return false;
    return reference === null || this.#sign! * (value - reference) > this.minDelta;
  }

  /** Forgets what was seen: another run may log other values. */
  reset(): void {
    this.#sign = null;
  }
}
