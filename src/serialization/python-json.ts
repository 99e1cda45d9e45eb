/** JSON as Python writes and reads it: NaN, Infinity and -Infinity may stand bare. */
import { ValueError } from "../errors.ts";

/** Stands before the name of a number in a string that was a bare word. */
const mark = "\u0000";

/** The value of a text. Throws ValueError where it is no JSON, or nested deeper than `deepest`: Keras's configurations need a few dozen levels. */
export function parsePythonJson(text: string, where: string, deepest = 1000): unknown {
  try {
    const quoted = withoutBareWords(text, where, deepest);
    // A key __proto__ means nothing to Keras, and would mean much to JavaScript.
    if (quoted === null && !text.includes("__proto__")) return JSON.parse(text);
    return JSON.parse(quoted ?? text, (key, value: unknown) => {
      if (typeof value === "string" && value.startsWith(mark)) return Number(value.slice(1));
      return key === "__proto__" ? undefined : value;
    });
  } catch (error) {
    if (error instanceof ValueError) throw error;
    throw new ValueError({ where, problem: "the text is no JSON", received: error instanceof Error ? error.message : String(error) });
  }
}

/** The text with its bare words as marked strings; null where there are none. One pass, whatever the text. */
function withoutBareWords(text: string, where: string, deepest: number): string | null {
  let depth = 0;
  let copied = 0;
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      // To the closing quote.
      for (i++; i < text.length && text.charCodeAt(i) !== 0x22; i++) if (text.charCodeAt(i) === 0x5c) i++;
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > deepest) {
        throw new ValueError({
          where,
          problem: "the JSON is nested too deep",
          expected: `${deepest} levels or fewer`,
          received: "more",
          advice: "do not trust this file",
        });
      }
    } else if (code === 0x5d || code === 0x7d) depth--;
    else if (code === 0x4e || code === 0x49) {
      const word = ["NaN", "Infinity"].find((candidate) => text.startsWith(candidate, i));
      if (word === undefined) continue;
      const sign = text[i - 1] === "-" ? "-" : "";
      out += `${text.slice(copied, i - sign.length)}"\\u0000${sign}${word}"`;
      i += word.length - 1;
      copied = i + 1;
    }
  }
  return copied === 0 ? null : out + text.slice(copied);
}

/**
 * Options of Keras's classes that are floats: 1 is written as 1.0, since Keras refuses the integer where it asks for a
 * float, or goes on in integers.
 */
const floats: ReadonlySet<string> = new Set(
  `alpha beta beta_1 beta_2 clipnorm clipvalue decay_rate delta ema_momentum end_learning_rate epsilon factor gain gamma
   global_clipnorm initial_accumulator_value initial_learning_rate initial_scale l1 l1_regularization_strength l2
   l2_regularization_strength l2_shrinkage_regularization_strength label_smoothing learning_rate learning_rate_power
   loss_scale_factor m_mul maxval mean minval momentum offset power rate rho scale stddev t_mul threshold thresholds values
   warmup_target weight_decay`.split(/\s+/),
);

/** A value as Python's `json.dumps` writes it: with spaces, in ASCII, with bare NaN and Infinity, floats of Keras's classes as floats. */
export function pythonJson(value: unknown): string {
  return written(value, false);
}

/** `isFloat`: whether a number is a float in Python. */
function written(value: unknown, isFloat: boolean): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "number") {
    if (Number.isFinite(value)) return isFloat && Number.isInteger(value) && Math.abs(value) < 1e16 ? value.toFixed(1) : String(value);
    return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  }
  if (typeof value === "string")
    return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `[${value.map((part) => written(part, isFloat)).join(", ")}]`;
  const json = value as { toJSON?: () => unknown };
  if (typeof json.toJSON === "function") return written(json.toJSON(), isFloat);
  if (typeof value !== "object") return "null";
  return objectWritten(value, false);
}

/** `ofKeras`: whether this is the configuration of a class of Keras's. */
function objectWritten(value: object, ofKeras: boolean): string {
  const { class_name: cls, module } = value as { class_name?: unknown; module?: unknown };
  // Legacy files name no modules.
  const describes =
    typeof cls === "string" && (module === undefined ? !cls.includes(">") : typeof module === "string" && module.startsWith("keras"));
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  const part = (key: string, own: unknown): string => {
    const isConfig = describes && key === "config" && typeof own === "object" && own !== null && !Array.isArray(own);
    return isConfig ? objectWritten(own, true) : written(own, ofKeras && floats.has(key));
  };
  return `{${entries.map(([key, own]) => `${written(key, false)}: ${part(key, own)}`).join(", ")}}`;
}
