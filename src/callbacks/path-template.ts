/** File names made of a template and the values of an epoch: `best-{epoch:02d}-{val_loss:.2f}.keras`. */
import { nearestNames, UnknownNameError, ValueError } from "../errors.ts";

/**
 * `template` with every `{name}` or `{name:format}` replaced. Formats are Python's for numbers: `02d`, `.3f`, `.2e`,
 * `8.3f`. Throws UnknownNameError for a name without a value, ValueError for a format that is none.
 */
export function fillTemplate(where: string, template: string, values: Readonly<Record<string, number>>): string {
  return template.replace(/\{(\w+)(?::([^}]*))?\}/g, (_, name: string, format: string | undefined) => {
    const value = values[name];
    if (value === undefined) {
      const near = nearestNames(name, Object.keys(values));
      throw new UnknownNameError({
        where,
        problem: `the file name asks for a value "${name}" that the logs do not have`,
        expected: Object.keys(values).join(", "),
        received: template,
        ...(near.length > 0 ? { advice: `perhaps {${near[0]!}}` } : {}),
      });
    }
    return format === undefined ? String(value) : formatNumber(where, value, format);
  });
}

function formatNumber(where: string, value: number, format: string): string {
  const match = /^(0?)(\d*)(?:\.(\d+))?([dfeg]?)$/.exec(format);
  if (match === null || (match[4] === "d" && !Number.isInteger(value))) {
    throw new ValueError({
      where,
      problem: "the file name holds a format that does not fit its value",
      expected: "formats such as 02d for whole numbers, .3f or .2e for others",
      received: `${format} for ${value}`,
    });
  }
  const [, zero, width, digits, kind] = match;
  return padded(numberText(value, kind!, digits === undefined ? undefined : Number(digits)), Number(width ?? 0), zero === "0");
}

function numberText(value: number, kind: string, digits: number | undefined): string {
  if (kind === "d") return String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (kind === "f") return value.toFixed(digits ?? 6);
  if (kind === "e") return value.toExponential(digits ?? 6).replace(/e([+-])(\d)$/, "e$10$2");
  return digits === undefined ? String(value) : String(Number(value.toPrecision(Math.max(1, digits))));
}

function padded(text: string, width: number, zeros: boolean): string {
  if (!zeros) return text.padStart(width);
  const sign = text.startsWith("-") ? "-" : "";
  return sign + text.slice(sign.length).padStart(width - sign.length, "0");
}
