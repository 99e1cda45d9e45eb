/** Addresses: base, index, scale and displacement out of trees of `advance`. */
import type { Address, Expr } from "../../loops/ir.ts";
import type { MemoryOperand, VirtualRegister } from "./machine-code.ts";
import { type Evaluator, memory, type Selection } from "./selection.ts";
import { isNonNegative } from "./variables.ts";

/** An i32 in 64 bits, its sign extended. */
export function wideIndex(s: Selection, evaluator: Evaluator, index: Expr): VirtualRegister {
  const narrow = evaluator.value(index);
  if (isNonNegative(index, s.facts.nonNegative)) return narrow;
  const wide = s.register("gpr", 8);
  s.emit("movsxd", s.q(wide), s.r(narrow));
  return wide;
}

function isScale(scale: number): scale is 1 | 2 | 4 | 8 {
  return scale === 1 || scale === 2 || scale === 4 || scale === 8;
}

interface Parts {
  base: Expr;
  index: Expr | null;
  scale: number;
  disp: number;
}

const isSmall = (disp: number): boolean => disp >= -0x70000000 && disp <= 0x70000000;

/** Takes constants, and one index with a scale that hardware has, out of a pointer. */
function split(pointer: Expr, offset: number): Parts {
  const parts: Parts = { base: pointer, index: null, scale: 1, disp: offset };
  while (parts.base.op === "advance") {
    const { x, index, scale } = parts.base;
    if (index.op === "const") {
      const disp = parts.disp + index.value * scale;
      if (!isSmall(disp)) break;
      parts.disp = disp;
    } else {
      if (parts.index !== null || !isScale(scale)) break;
      parts.index = index;
      parts.scale = scale;
    }
    parts.base = x;
  }
  // (i + c) * scale is i * scale + c * scale.
  while (parts.index?.op === "binary" && parts.index.f === "add" && parts.index.y.op === "const") {
    const disp = parts.disp + parts.index.y.value * parts.scale;
    if (!isSmall(disp)) break;
    parts.disp = disp;
    parts.index = parts.index.x;
  }
  return parts;
}

/** The memory operand of an address. */
export function addressOperand(s: Selection, evaluator: Evaluator, address: Address): MemoryOperand {
  const { base, index, scale, disp } = split(address.base, address.offset);
  const pointer = evaluator.value(base);
  return memory({
    base: pointer,
    index: index === null ? null : wideIndex(s, evaluator, index),
    scale: scale as 1 | 2 | 4 | 8,
    disp,
  });
}

/** A pointer moved by elements. */
export function advancePointer(
  s: Selection,
  evaluator: Evaluator,
  e: Extract<Expr, { op: "advance" }>,
  into: VirtualRegister | undefined,
): VirtualRegister {
  const parts = split(e, 0);
  if (parts.base !== e) {
    const base = evaluator.value(parts.base);
    if (parts.index === null) {
      if (parts.disp === 0 && into === undefined) return base;
      const result = into ?? s.forType("ptr");
      if (result === base) s.emit("add", s.q(result), parts.disp);
      else s.emit("lea", s.q(result), memory({ base, disp: parts.disp }));
      return result;
    }
    const index = wideIndex(s, evaluator, parts.index);
    const result = into ?? s.forType("ptr");
    s.emit("lea", s.q(result), memory({ base, index, scale: parts.scale as 1 | 2 | 4 | 8, disp: parts.disp }));
    return result;
  }
  const base = evaluator.value(e.x);
  const index = wideIndex(s, evaluator, e.index);
  const offset = s.register("gpr", 8);
  if (isSmall(e.scale)) s.emit("imul", s.q(offset), s.q(index), e.scale);
  else {
    s.emit("mov", s.q(offset), e.scale);
    s.emit("imul", s.q(offset), s.q(index));
  }
  const result = into ?? s.forType("ptr");
  s.emit("lea", s.q(result), memory({ base, index: offset, scale: 1 }));
  return result;
}
