/** What every emitted function takes, and what its module imports beside memory. */
import type { CallableFunction } from "../loops/ir.ts";
import type { FunctionType } from "./encode.ts";

/** Type of every emitted function: (block, from, to, scratch). */
export const loopFunctionType: FunctionType = { parameters: ["i32", "i32", "i32", "i32"], results: [] };

/** Functions of `Math` that generated code may call. */
// prettier-ignore
const ofMath = [
  "exp", "expm1", "log", "log1p", "tanh", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh",
  "pow", "atan2",
] as const satisfies readonly Exclude<CallableFunction, "remainder">[];

/** The imports "math" of an emitted module. */
export const mathImports: Readonly<Record<CallableFunction, (x: number, y: number) => number>> = {
  ...(Object.fromEntries(ofMath.map((f) => [f, Reflect.get(Math, f) as unknown])) as Pick<Math, (typeof ofMath)[number]>),
  remainder: (x, y) => x % y,
};

/** Type of an imported function. */
export function callType(f: CallableFunction): FunctionType {
  return { parameters: Array.from({ length: mathImports[f].length }, () => "f64"), results: ["f64"] };
}
