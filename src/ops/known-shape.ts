/** Shapes that are given to operations. */
import { ShapeError } from "../errors.ts";
import { type ConcreteShape, currentScope, type Shape } from "../graph/index.ts";

/**
 * A shape whose extents are all known; a number is the shape of a vector. `rest`: one extent may be -1. Throws ShapeError
 * for an extent that is unknown, or none.
 */
export function knownShape(shape: number | Shape, rest = false): ConcreteShape {
  const list: unknown = typeof shape === "number" ? [shape] : shape;
  if (Array.isArray(list) && list.every((extent) => Number.isInteger(extent) && (extent as number) >= (rest ? -1 : 0)))
    return list as readonly number[];
  const unknown = Array.isArray(list) && list.includes(null);
  throw new ShapeError({
    where: currentScope(),
    problem: unknown ? "the shape has an extent that is not known here" : "this is no shape",
    expected: rest ? "whole numbers, one of which may be -1: what is left" : "whole numbers from 0",
    received: Array.isArray(list) ? `[${list.map(String).join(", ")}]` : list === null || list === undefined ? String(list) : typeof list,
    ...(unknown ? { advice: "make it in the call of a layer, where every extent is known" } : {}),
  });
}
