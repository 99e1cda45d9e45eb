/** What a command of the command line is. */

/** One option: `--name VALUE`, or a flag. */
export interface OptionSpec {
  readonly type: "string" | "boolean";
  readonly description: string;
  readonly short?: string;
  /** Shown in the help in the place of the value. */
  readonly value?: string;
}

/** Options as they were given, by name. */
export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

/** A command. Its result is printed as JSON with `--json`, else by `print`. */
export interface Command<R extends object = object> {
  readonly summary: string;
  /** Positional arguments, as the usage line shows them; `[X]` may be left out. */
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly examples: readonly string[];
  run(positionals: readonly string[], values: OptionValues): Promise<R>;
  /** Text for people. */
  print(result: R, values: OptionValues): string;
}

/** A mistake in the command line itself: exit code 2. */
export class UsageError extends Error {}

/** A command with the type of its result known only to itself. */
export function command<R extends object>(definition: Command<R>): Command {
  return definition;
}

/** A number given as text. Throws UsageError. */
export function numberOption(values: OptionValues, name: string): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const number = Number(text);
  if (typeof text === "string" && text.trim() !== "" && Number.isFinite(number)) return number;
  throw new UsageError(`--${name} takes a number, not ${JSON.stringify(text)}`);
}

/** A text option. */
export function textOption(values: OptionValues, name: string): string | undefined {
  const text = values[name];
  return typeof text === "string" ? text : undefined;
}

/** A text option that must be there. Throws UsageError. */
export function requiredOption(values: OptionValues, name: string): string {
  const text = textOption(values, name);
  if (text !== undefined) return text;
  throw new UsageError(`--${name} is missing`);
}

/** JSON given as text. Throws UsageError. */
export function jsonOption(values: OptionValues, name: string): unknown {
  const text = textOption(values, name);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UsageError(`--${name} takes JSON, not ${JSON.stringify(text)}`);
  }
}
