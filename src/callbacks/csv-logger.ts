/** Writes the values of every epoch to a file of comma-separated values. */
import { ValueError } from "../errors.ts";
import { platform } from "../platform/index.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { Callback, type Logs } from "./callback.ts";

/** Options of CSVLogger. */
export interface CSVLoggerOptions {
  readonly filename: string;
  /** Default ",". */
  readonly separator?: string;
  /** Whether lines are added to a file that exists. Default false: it is written anew. */
  readonly append?: boolean;
}

/**
 * One line per epoch: its number, then the logged values in alphabetical order. Values that are missing later are `NA`.
 *
 * @example
 * await model.fit(x, y, { epochs: 5, callbacks: [callbacks.CSVLogger("training.csv")] });
 */
export class CSVLoggerCallback extends Callback {
  readonly filename: string;
  readonly separator: string;
  readonly append: boolean;
  #keys: readonly string[] | null = null;
  #headed = false;

  constructor(filename: string | CSVLoggerOptions, options: Omit<CSVLoggerOptions, "filename"> = {}) {
    super();
    const given = typeof filename === "string" ? { filename, ...options } : filename;
    checkOptions("CSVLogger", given, ["filename", "separator", "append"]);
    this.filename = given.filename;
    this.separator = given.separator ?? ",";
    this.append = given.append ?? false;
    if (typeof this.filename !== "string" || this.filename === "" || typeof this.separator !== "string" || this.separator.length !== 1) {
      throw new ValueError({
        where: "CSVLogger",
        problem: "the file has a name, and its separator is one character",
        expected: 'CSVLogger("training.csv", { separator: "," })',
        received: JSON.stringify(given),
      });
    }
  }

  override async onTrainBegin(): Promise<void> {
    this.#keys = null;
    const before = this.append ? await platform.readFile(this.filename) : null;
    this.#headed = before !== null && before.length > 0;
    if (!this.append) await platform.files.write(this.filename, new Uint8Array(0));
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.#keys === null) {
      const keys = Object.keys(logs).sort();
      this.#keys = keys.some((key) => key.startsWith("val_")) ? keys : [...keys, ...keys.map((key) => `val_${key}`)];
    }
    let text = "";
    if (!this.#headed) text += this.#line(["epoch", ...this.#keys]);
    this.#headed = true;
    text += this.#line([String(epoch), ...this.#keys.map((key) => numberText(logs[key]))]);
    await platform.files.append(this.filename, new TextEncoder().encode(text));
  }

  /** Fields that hold the separator, quotes or line ends are quoted (RFC 4180). */
  #line(fields: readonly string[]): string {
    const quoted = fields.map((field) =>
      new RegExp(`["\\r\\n]`).test(field) || field.includes(this.separator) ? `"${field.replaceAll('"', '""')}"` : field,
    );
    return `${quoted.join(this.separator)}\r\n`;
  }
}

function numberText(value: number | undefined): string {
  if (value === undefined) return "NA";
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

/** Writes the values of every epoch to a file; see {@link CSVLoggerCallback}. */
export const CSVLogger: CallableClass<typeof CSVLoggerCallback> = /* @__PURE__ */ callableClass(CSVLoggerCallback);
export type CSVLogger = CSVLoggerCallback;
