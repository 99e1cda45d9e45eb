/** Which instruction each operation of the loop IR is, per type. */
import type { BinaryOp, CompareOp, UnaryOp, ValueType } from "../loops/ir.ts";
import { isOpcode, type Opcode, type WasmType } from "./encode.ts";

/** Type of the local that holds a value. */
export const localTypes: Readonly<Record<ValueType, WasmType>> = {
  ptr: "i32",
  i32: "i32",
  f32: "f32",
  f64: "f64",
  i32v: "v128",
  f32v: "v128",
};

/** What the names of a type's instructions begin with. */
const shapes: Readonly<Record<ValueType, string>> = { ...localTypes, i32v: "i32x4", f32v: "f32x4" };

/** How the specification spells what depends on the sign of integers. */
const signed: Partial<Readonly<Record<UnaryOp | BinaryOp | CompareOp, string>>> = {
  div: "div_s",
  rem: "rem_s",
  min: "min_s",
  max: "max_s",
  shrS: "shr_s",
  shrU: "shr_u",
  lt: "lt_s",
  le: "le_s",
  gt: "gt_s",
  ge: "ge_s",
  ltU: "lt_u",
};

/**
 * The instruction that is operation `f` of operands of `type`; undefined where WebAssembly has none (minima of i32, negation of
 * integers) or the operation means nothing there (square roots of integers). The specification's own names say which.
 */
export function instructionOf(type: ValueType, f: UnaryOp | BinaryOp | CompareOp): Opcode | undefined {
  const isInteger = !type.startsWith("f");
  const name = isInteger ? (signed[f] ?? f) : f;
  const found = [shapes[type], localTypes[type]]
    .map((shape) => `${shape}.${type === "ptr" ? name.replace("_s", "_u") : name}`)
    .find((one) => isOpcode(one));
  return isInteger || localTypes[type] !== "v128" || !found?.startsWith("v128") ? found : undefined;
}

/** Conversions by operand type, then result type. "sequence" stands for no instruction at all (i32 is ptr here). */
export const convertOpcodes: Readonly<Record<ValueType, Partial<Record<ValueType, Opcode | "sequence">>>> = {
  ptr: { i32: "sequence" },
  i32: { f32: "f32.convert_i32_s", f64: "f64.convert_i32_s", ptr: "sequence" },
  f32: { i32: "i32.trunc_sat_f32_s", f64: "f64.promote_f32" },
  f64: { i32: "i32.trunc_sat_f64_s", f32: "f32.demote_f64" },
  i32v: { f32v: "f32x4.convert_i32x4_s" },
  f32v: { i32v: "i32x4.trunc_sat_f32x4_s" },
};
