import { ShapeError } from "../errors.ts";
import { type ConcreteShape, formatShape, sameShape } from "../graph/index.ts";
import { whereOf } from "./define.ts";

/** Throws ShapeError unless `operand` (as errors call it) has the shape that the other operands ask for. */
export function expectOperandShape(primitive: string, operand: string, received: ConcreteShape, expected: ConcreteShape): void {
  if (sameShape(received, expected)) return;
  throw new ShapeError({
    where: whereOf(primitive),
    problem: `${operand} has the wrong shape`,
    expected: formatShape(expected),
    received: formatShape(received),
    advice: "reshape or broadcast it, or check the other operands",
  });
}
