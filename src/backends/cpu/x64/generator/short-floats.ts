/** Instructions that read and write float16 and bfloat16: widened to float32 in registers. */
import type { MemoryOperand, VirtualRegister } from "./machine-code.ts";
import type { Selection } from "./selection.ts";

type Format = "f16" | "bf16";

/** Rounding of `vcvtps2ph`: to nearest, ties to even. */
const nearestEven = 0;

function moved(place: MemoryOperand, bytes: number): MemoryOperand {
  return { ...place, disp: place.disp + bytes };
}

/** One element as a scalar. */
export function loadShort(s: Selection, format: Format, place: MemoryOperand, result: VirtualRegister): void {
  const bits = s.register("gpr", 4);
  s.emit("movzx", s.r(bits), { ...place, size: 2 });
  if (format === "bf16") s.emit("shl", s.r(bits), 16);
  s.emit("vmovd", s.x(result), s.r(bits));
  if (format === "f16") s.emit("vcvtph2ps", s.x(result), s.x(result));
}

/** Consecutive elements, the first `count` of them (undefined: all lanes); `mask`: of as many lanes, where there are opmasks. */
export function loadShortVector(
  s: Selection,
  format: Format,
  place: MemoryOperand,
  mask: VirtualRegister | null,
  count: number | undefined,
  result: VirtualRegister,
): void {
  const widen = format === "f16" ? "vcvtph2ps" : "vpmovzxwd";
  if (mask !== null) s.emit(widen, s.masked(s.v(result), mask, true), place);
  else if (count === undefined) s.emit(widen, s.v(result), place);
  else {
    const low = s.forType("f64");
    let done = 0;
    if (count >= 4) {
      s.emit("vmovq", s.x(low), place);
      done = 4;
    } else if (count >= 2) {
      s.emit("vmovd", s.x(low), { ...place, size: 4 });
      done = 2;
    } else s.emitClear("vxorps", s.x(low));
    for (; done < count; done++) s.emit("vpinsrw", s.x(low), s.x(low), moved(place, 2 * done), done);
    s.emit(widen, s.v(result), s.x(low));
  }
  if (format === "bf16") s.emit("vpslld", s.v(result), s.v(result), 16);
}

/** A scalar as one element. */
export function storeShort(s: Selection, format: Format, place: MemoryOperand, register: VirtualRegister): void {
  const bits = s.forType("f32");
  if (format === "f16") s.emit("vcvtps2ph", s.x(bits), s.x(register), nearestEven);
  // The upper half of a float32.
  s.emit("vpextrw", place, s.x(format === "f16" ? bits : register), format === "f16" ? 0 : 1);
}

/** Lanes as consecutive elements, the first `count` of them. */
export function storeShortVector(
  s: Selection,
  format: Format,
  place: MemoryOperand,
  mask: VirtualRegister | null,
  count: number | undefined,
  register: VirtualRegister,
): void {
  const isWhole = count === undefined && mask === null;
  if (format === "f16" && (isWhole || mask !== null)) {
    return s.emit("vcvtps2ph", mask === null ? place : s.masked(place, mask), s.v(register), nearestEven);
  }
  const low = s.forType("f32v");
  if (format === "f16") s.emit("vcvtps2ph", s.x(low), s.v(register), nearestEven);
  else {
    s.emit("vpsrld", s.v(low), s.v(register), 16);
    if (s.features.avx512) return s.emit("vpmovdw", mask === null ? place : s.masked(place, mask), s.v(low));
    const upper = s.forType("f32v");
    s.emit("vextractf128", s.x(upper), s.v(low), 1);
    s.emit("vpackusdw", s.x(low), s.x(low), s.x(upper));
  }
  const lanes = count ?? 8;
  if (lanes === 8) return s.emit("vmovups", place, s.x(low));
  let done = 0;
  if (lanes >= 4) {
    s.emit("vmovq", place, s.x(low));
    done = 4;
  }
  for (; done < lanes; done++) s.emit("vpextrw", moved(place, 2 * done), s.x(low), done);
}
