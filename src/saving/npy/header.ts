/** The header of .npy files: a Python dictionary of three entries, read without running Python. */
import { FormatError } from "../source.ts";

/** What the header says. */
export interface NpyHeader {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/** Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`. Throws FormatError for anything else. */
export function parseHeader(where: string, text: string): NpyHeader {
  const broken = (problem: string): FormatError =>
    new FormatError({
      where,
      problem,
      expected: "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }",
      received: text.trim().slice(0, 120),
    });
  if (text.length > 65_536) throw broken("the header is too long");
  const entries = new Map<string, string>();
  let rest = text.trim();
  if (!rest.startsWith("{") || !rest.endsWith("}")) throw broken("the header is no dictionary");
  rest = rest.slice(1, -1).trim();
  const entry = /^'(\w+)'\s*:\s*('[^'\\]*'|True|False|\([\d\sL,]*\)|\[[^[\]]*\])\s*(?:,\s*|$)/;
  while (rest !== "") {
    const match = entry.exec(rest);
    if (match === null || entries.has(match[1]!)) throw broken("an entry of the header is not understood");
    entries.set(match[1]!, match[2]!);
    rest = rest.slice(match[0].length);
  }
  const descr = entries.get("descr");
  const order = entries.get("fortran_order");
  const shape = entries.get("shape");
  if (entries.size !== 3 || descr === undefined || order === undefined || shape === undefined) throw broken("the header has other entries");
  if (descr.startsWith("["))
    throw new FormatError({
      where,
      problem: "the array holds records",
      expected: "one element type",
      received: descr.slice(0, 80),
      advice: "save its fields one by one",
    });
  if (!descr.startsWith("'") || !/^(True|False)$/.test(order) || !shape.startsWith("("))
    throw broken("an entry of the header has the wrong type");
  // Python 2 wrote long integers as 3L.
  const parts = shape
    .slice(1, -1)
    .split(",")
    .map((part) => part.trim().replace(/L$/, ""));
  if (parts.at(-1) === "") parts.pop();
  if (!parts.every((part) => /^\d+$/.test(part))) throw broken("the shape is no shape");
  return { descr: descr.slice(1, -1), fortranOrder: order === "True", shape: parts.map(Number) };
}
