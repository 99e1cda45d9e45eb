/** What every emitted function takes, and what its module imports beside memory. */
import type { CallableFunction } from "../loops/ir.ts";
import type { FunctionType } from "./encode.ts";

/** Type of every emitted function: (block, from, to, scratch). */
export const loopFunctionType: FunctionType = { parameters: ["i32", "i32", "i32", "i32"], results: [] };

/** The imports "math" of an emitted module. */
// prettier-ignore
export const mathImports: Readonly<Record<CallableFunction, (x: number, y: number) => number>> = {
  exp: Math.exp, expm1: Math.expm1, log: Math.log, log1p: Math.log1p, tanh: Math.tanh, sin: Math.sin, cos: Math.cos,
  tan: Math.tan, asin: Math.asin, acos: Math.acos, atan: Math.atan, sinh: Math.sinh, cosh: Math.cosh, asinh: Math.asinh,
  acosh: Math.acosh, atanh: Math.atanh, pow: Math.pow, atan2: Math.atan2, remainder: (x, y) => x % y,
};
