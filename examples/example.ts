/** What examples share: arguments, data, pictures, figures. See README.md beside this file. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** What an example needs. */
export interface Needs {
  /** Files below the data folder, such as `mnist/train-images-idx3-ubyte.gz`. Default: none. */
  readonly files?: readonly string[];
  /** Options of its own, `--NAME VALUE`, with the values they may have; the first is the default. */
  readonly options?: Readonly<Record<string, readonly string[]>>;
}

/** What an example is given. */
export interface Example {
  /** Whether the figures of docs/lecture.md are to be reached (`--full`), or the program only has to run. */
  readonly full: boolean;
  /** `full ? large : small`. */
  readonly budget: <T>(small: T, large: T) => T;
  /** Value of an option of its own. */
  readonly option: (name: string) => string;
  /** A folder or file of the data. */
  readonly data: (path: string) => string;
  /** Writes a picture (`NAME.svg`, `NAME.png`): into docs/pictures with `--full`, into `--pictures DIR` where that is given. */
  readonly picture: (name: string, content: string | Uint8Array) => void;
  /** Prints a measured value and, with `--full`, whether it reaches its bound; a miss is exit status 1. */
  readonly figure: (label: string, value: number, bound?: { readonly atLeast?: number; readonly atMost?: number }) => void;
}

/** Reads the arguments. Ends the program, with a line that says so, where data is missing. */
export function example(name: string, needs: Needs = {}): Example {
  const own = needs.options ?? {};
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(Object.entries(own).map(([key, [value]]) => [key, { type: "string" as const, default: value! }])),
      full: { type: "boolean", default: false },
      "data-dir": { type: "string" },
      pictures: { type: "string" },
    },
  });
  const chosen = Object.fromEntries(Object.entries(own).map(([key]) => [key, String((values as Record<string, unknown>)[key])]));
  const odd = Object.entries(chosen).find(([key, value]) => !own[key]!.includes(value));
  if (odd !== undefined) {
    console.error(`${name}: --${odd[0]} is one of ${own[odd[0]]!.join(", ")}, not ${odd[1]}`);
    process.exit(2);
  }
  const root = values["data-dir"] ?? process.env.NABLA_DATA;
  const missing = (needs.files ?? []).find((file) => root === undefined || !existsSync(join(root, file)));
  if (missing !== undefined) {
    console.log(`skipped: ${name} (put ${missing} in ${root ?? "a folder, and name it with --data-dir or NABLA_DATA"})`);
    process.exit(0);
  }
  const pictures =
    values.pictures ?? (values.full ? join(dirname(dirname(fileURLToPath(import.meta.url))), "docs", "pictures") : undefined);
  return {
    full: values.full,
    budget: (small, large) => (values.full ? large : small),
    option: (key) => chosen[key]!,
    data: (path) => join(root!, path),
    picture: (file, content) => {
      if (pictures === undefined) return;
      mkdirSync(pictures, { recursive: true });
      writeFileSync(join(pictures, file), content);
      console.log(`picture: ${file}`);
    },
    figure: (label, value, { atLeast = -Infinity, atMost = Infinity } = {}) => {
      const wanted = [atLeast > -Infinity ? `at least ${atLeast}` : "", atMost < Infinity ? `at most ${atMost}` : ""].filter(Boolean);
      const reached = value >= atLeast && value <= atMost;
      const verdict = wanted.length === 0 ? "" : values.full ? ` (${reached ? "reached" : "MISSED"}: ${wanted.join(", ")})` : "";
      console.log(`figure: ${label}: ${Number(value.toPrecision(5))}${verdict}`);
      if (values.full && !reached) process.exitCode = 1;
    },
  };
}
