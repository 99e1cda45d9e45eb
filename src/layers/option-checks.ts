/** Checks of single options: numbers of a range, axes. Each gives the value back, or throws ValueError. */
import { ValueError } from "../errors.ts";
import { describe } from "./layer-options.ts";

/** A number that is not infinite. Throws ValueError for anything else. */
export function finiteNumber(where: string, name: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new ValueError({ where, problem: `${name} must be a number`, expected: "a finite number", received: describe(value) });
}

/** A number of at least 0 (infinity too). Throws ValueError for anything else. */
export function nonNegative(where: string, name: string, value: unknown): number {
  if (typeof value === "number" && value >= 0) return value;
  throw new ValueError({ where, problem: `${name} must be a number of at least 0`, expected: `${name} >= 0`, received: describe(value) });
}

/** A probability, from 0 to 1; below 1 where `certain` is false. Throws ValueError for anything else. */
export function probability(where: string, name: string, value: unknown, { certain = true }: { certain?: boolean } = {}): number {
  if (typeof value === "number" && value >= 0 && (certain ? value <= 1 : value < 1)) return value;
  throw new ValueError({
    where,
    problem: `${name} is a probability`,
    expected: `0 <= ${name} ${certain ? "<=" : "<"} 1`,
    received: describe(value),
  });
}

/** One axis, or a list of different axes. Throws ValueError for anything else. */
export function axisOrAxes(where: string, name: string, value: unknown): number | number[] {
  const isAxis = (axis: unknown): axis is number => Number.isInteger(axis);
  if (isAxis(value)) return value;
  if (Array.isArray(value) && value.length > 0 && value.every(isAxis) && new Set(value).size === value.length) return value;
  throw new ValueError({
    where,
    problem: `${name} is an axis or a list of different axes`,
    expected: "-1, or [1, 2]",
    received: describe(value),
  });
}

/** A whole number. Throws ValueError for anything else. */
export function integer(where: string, name: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new ValueError({ where, problem: `${name} must be a whole number`, expected: "..., -1, 0, 1, ...", received: describe(value) });
}

/** A whole number of at least 0. Throws ValueError for anything else. */
export function natural(where: string, name: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw new ValueError({
    where,
    problem: `${name} must be a whole number of at least 0`,
    expected: "0, 1, 2, ...",
    received: describe(value),
  });
}
