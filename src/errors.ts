/** Errors of nabla: where, what was wrong, what was expected, what came, what to do. No dependencies. */

/** The parts of an error's message. */
export interface ErrorParts {
  /** Operation or layer, with the user's name for it: `Dense "head"`. */
  readonly where: string;
  /** What is wrong, in one sentence without a full stop. */
  readonly problem: string;
  readonly expected?: string;
  readonly received?: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** Base class of every error that nabla throws on purpose. */
export class NablaError extends Error {
  /** Stable identifier, such as `E_SHAPE`. */
  readonly code: string;
  readonly parts: ErrorParts;

  constructor(code: string, name: string, parts: ErrorParts) {
    const rows = [`${parts.where}: ${parts.problem}`];
    if (parts.expected !== undefined) rows.push(`  expected  ${parts.expected}`);
    if (parts.received !== undefined) rows.push(`  received  ${parts.received}`);
    if (parts.advice !== undefined) rows.push(`  do        ${parts.advice}`);
    super(`${code}  ${rows.join("\n")}`);
    this.name = name;
    this.code = code;
    this.parts = parts;
  }
}

/** Shapes that do not fit. */
export class ShapeError extends NablaError {
  constructor(parts: ErrorParts) {
    super("E_SHAPE", "ShapeError", parts);
  }
}

/** Element types that do not fit. */
export class DTypeError extends NablaError {
  constructor(parts: ErrorParts) {
    super("E_DTYPE", "DTypeError", parts);
  }
}

/** A value, option or combination of options that makes no sense. */
export class ValueError extends NablaError {
  constructor(parts: ErrorParts) {
    super("E_VALUE", "ValueError", parts);
  }
}

/** An index that points outside the array it selects from. */
export class IndexError extends NablaError {
  constructor(parts: ErrorParts) {
    super("E_INDEX", "IndexError", parts);
  }
}

/** A name nobody knows; says which known names are nearest. */
export class UnknownNameError extends NablaError {
  constructor(parts: ErrorParts) {
    super("E_NAME", "UnknownNameError", parts);
  }
}

/** Something is used before it is ready: an unbuilt layer, an uncompiled model. */
export class StateError extends NablaError {
  constructor(parts: ErrorParts) {
    super("E_STATE", "StateError", parts);
  }
}

/** The chosen back-end or machine cannot do this. */
export class BackendError extends NablaError {
  constructor(parts: ErrorParts) {
    super("E_BACKEND", "BackendError", parts);
  }
}

/** A broken invariant inside nabla: always a bug of nabla's. */
export class InternalError extends NablaError {
  constructor(where: string, problem: string, detail?: string) {
    super("E_INTERNAL", "InternalError", {
      where,
      problem,
      ...(detail === undefined ? {} : { received: detail }),
      advice: "this is a bug in nabla: please report it with the lines above",
    });
  }
}

/** Up to three of `names` nearest to `name` by edit distance, for "did you mean". */
export function nearestNames(name: string, names: Iterable<string>): string[] {
  const scored: [string, number][] = [];
  for (const candidate of names) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= Math.max(2, Math.floor(candidate.length / 2))) scored.push([candidate, distance]);
  }
  return scored
    .sort((a, b) => a[1] - b[1])
    .slice(0, 3)
    .map(([candidate]) => candidate);
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, substitute));
    }
    previous = row;
  }
  return previous[b.length]!;
}
