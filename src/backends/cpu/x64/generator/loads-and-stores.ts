/** Instructions that read and write memory: elements, vectors, first lanes of vectors, bytes. */
import { isByteStorage, storageTypes } from "../../loops/block.ts";
import type { Expr, Stmt } from "../../loops/ir.ts";
import { addressOperand } from "./addresses.ts";
import type { MemoryOperand, VirtualRegister } from "./machine-code.ts";
import { loadShort, loadShortVector, storeShort, storeShortVector } from "./short-floats.ts";
import { type Evaluator, memory, type Selection } from "./selection.ts";

type Load = Extract<Expr, { op: "load" }>;
type Store = Extract<Stmt, { op: "store" }>;

function moved(place: MemoryOperand, bytes: number): MemoryOperand {
  return { ...place, disp: place.disp + bytes };
}

/** The opmask of the first `count` lanes. */
function maskOf(s: Selection, evaluator: Evaluator, count: number | Expr): VirtualRegister {
  if (typeof count === "number") return s.countMask(count);
  if (count.op === "const") return s.countMask(Math.min(count.value, s.lanes));
  const known = s.liveCount(count);
  if (known !== undefined) return known;
  const lanes = evaluator.value({ op: "binary", type: "i32", f: "min", x: count, y: { op: "const", type: "i32", value: s.lanes } });
  const bits = s.register("gpr", 4);
  s.emit("mov", s.r(bits), -1);
  s.emit("bzhi", s.r(bits), s.r(bits), s.r(lanes));
  const mask = s.register("mask", 2, false);
  s.emit("kmovw", s.k(mask), s.r(bits));
  s.keepCount(count, mask);
  return mask;
}

function checkedCount(s: Selection, count: number | Expr | undefined): number | Expr | undefined {
  if (count === undefined || (typeof count !== "number" && s.features.avx512)) return count;
  if (typeof count !== "number") s.fail("a run-time count of lanes needs masks");
  if (count < 0 || count > s.lanes) s.fail("a count of lanes is out of range", String(count));
  return count === s.lanes ? undefined : count;
}

/** A load that is no operand of another instruction. */
export function loadValue(s: Selection, evaluator: Evaluator, e: Load, into: VirtualRegister | undefined): VirtualRegister {
  const isVector = e.type === "f32v" || e.type === "i32v";
  const lane = storageTypes[e.storage];
  const isByte = isByteStorage(e.storage);
  const widen = e.storage === "i8" ? "movsx" : "movzx";
  if (e.type !== (isVector ? `${lane}v` : lane)) s.fail(`storage ${e.storage} does not load as ${e.type}`);
  const place = addressOperand(s, evaluator, e.address);
  const result = into ?? s.forType(e.type);
  if ((e.storage === "f16" || e.storage === "bf16") && (!isVector || e.splat === true)) {
    loadShort(s, e.storage, place, result);
    if (isVector) s.emit("vbroadcastss", s.v(result), s.x(result));
    return result;
  }
  if (!isVector) {
    if (isByte) s.emit(widen, s.r(result), { ...place, size: 1 });
    else if (e.storage === "i32") s.emit("mov", s.r(result), place);
    else s.emit(e.storage === "f32" ? "vmovss" : "vmovsd", s.x(result), place);
    return result;
  }
  if (e.splat === true) {
    if (!isByte) {
      s.emit(e.storage === "f32" ? "vbroadcastss" : "vpbroadcastd", s.v(result), place);
      return result;
    }
    const byte = s.register("gpr", 4);
    s.emit(widen, s.r(byte), { ...place, size: 1 });
    if (s.features.avx512) s.emit("vpbroadcastd", s.v(result), s.r(byte));
    else {
      s.emit("vmovd", s.x(result), s.r(byte));
      s.emit("vpbroadcastd", s.v(result), s.x(result));
    }
    return result;
  }
  const count = checkedCount(s, e.count);
  if (count === 0) s.emitClear("vxorps", s.x(result));
  else if (isByte) loadBytes(s, evaluator, place, count, result, e.storage === "i8");
  else if (e.storage === "f16" || e.storage === "bf16") {
    const mask = count !== undefined && s.features.avx512 ? maskOf(s, evaluator, count) : null;
    loadShortVector(s, e.storage, place, mask, count as number | undefined, result);
  } else if (count === undefined) s.emit("vmovups", s.v(result), place);
  else if (count === 1) s.emit("vmovss", s.x(result), place);
  else if (count === 2) s.emit("vmovsd", s.x(result), place);
  else if (count === 4) s.emit("vmovups", s.x(result), place);
  else if (count === 8) s.emit("vmovups", s.view(result, "ymm"), place);
  else if (s.features.avx512) s.emit("vmovups", s.masked(s.v(result), maskOf(s, evaluator, count), true), place);
  else {
    const mask = s.forType("f32v");
    const lanes = Array.from({ length: s.lanes }, (_, i) => (i < (count as number) ? -1 : 0));
    s.emit("vmovups", s.v(mask), memory({ label: s.pool.words(lanes) }));
    s.emit("vmaskmovps", s.v(result), s.v(mask), place);
  }
  return result;
}

/** Bytes widened to int32 lanes. */
function loadBytes(
  s: Selection,
  evaluator: Evaluator,
  place: MemoryOperand,
  count: number | Expr | undefined,
  result: VirtualRegister,
  signed: boolean,
): void {
  const widen = signed ? "vpmovsxbd" : "vpmovzxbd";
  if (count === undefined) return s.emit(widen, s.v(result), place);
  if (s.features.avx512) return s.emit(widen, s.masked(s.v(result), maskOf(s, evaluator, count), true), place);
  const bytes = count as number;
  const low = s.forType("f64");
  let done = 0;
  if (bytes >= 4) {
    s.emit("vmovd", s.x(low), { ...place, size: 4 });
    done = 4;
  } else s.emitClear("vxorps", s.x(low));
  for (; done < bytes; done++) s.emit("vpinsrb", s.x(low), s.x(low), moved(place, done), done);
  s.emit(widen, s.v(result), s.x(low));
}

/** A store; `beforeWrite` is called once the value and the address are known. */
export function storeValue(s: Selection, evaluator: Evaluator, statement: Store, beforeWrite: () => void): void {
  const { storage, value } = statement;
  const { type } = value;
  const isVector = type === "f32v" || type === "i32v";
  const lane = storageTypes[storage];
  if (type !== (isVector ? `${lane}v` : lane)) s.fail(`${type} cannot be stored as ${storage}`);
  const count = isVector ? checkedCount(s, statement.count) : undefined;
  if (count === 0) return;
  const register = evaluator.value(value);
  const place = addressOperand(s, evaluator, statement.address);
  beforeWrite();
  if (storage === "f16" || storage === "bf16") {
    if (!isVector) return storeShort(s, storage, place, register);
    const mask = count !== undefined && s.features.avx512 ? maskOf(s, evaluator, count) : null;
    return storeShortVector(s, storage, place, mask, count as number | undefined, register);
  }
  if (!isVector) {
    if (isByteStorage(storage)) s.emit("mov", { ...place, size: 1 }, s.view(register, "r8"));
    else if (storage === "i32") s.emit("mov", place, s.r(register));
    else s.emit(storage === "f32" ? "vmovss" : "vmovsd", place, s.x(register));
    return;
  }
  if (isByteStorage(storage)) return storeBytes(s, evaluator, place, register, count);
  if (count === undefined) return s.emit("vmovups", place, s.v(register));
  if (count === 8) return s.emit("vmovups", place, s.view(register, "ymm"));
  if (count === 4) return s.emit("vmovups", place, s.x(register));
  if (s.features.avx512) return s.emit("vmovups", s.masked(place, maskOf(s, evaluator, count)), s.v(register));
  // A masked store is slow on some processors: halves, quarters and eighths instead.
  let rest = register;
  let done = 0;
  const lanes = count as number;
  if (lanes >= 4) {
    s.emit("vmovups", place, s.x(rest));
    done = 4;
    if (lanes > 4) {
      const upper = s.forType("f32v");
      s.emit("vextractf128", s.x(upper), s.v(rest), 1);
      rest = upper;
    }
  }
  if (lanes - done >= 2) {
    s.emit("vmovsd", moved(place, 4 * done), s.x(rest));
    done += 2;
    if (lanes > done) {
      const upper = s.forType("f32v");
      s.emit("vpermilps", s.x(upper), s.x(rest), 0xee);
      rest = upper;
    }
  }
  if (lanes > done) s.emit("vmovss", moved(place, 4 * done), s.x(rest));
}

/** The low bytes of int32 lanes. */
function storeBytes(
  s: Selection,
  evaluator: Evaluator,
  place: MemoryOperand,
  register: VirtualRegister,
  count: number | Expr | undefined,
): void {
  if (s.features.avx512) {
    const target = count === undefined ? place : s.masked(place, maskOf(s, evaluator, count));
    return s.emit("vpmovdb", target, s.v(register));
  }
  const low = s.forType("f32v");
  const upper = s.forType("f32v");
  // Packing saturates, so only the low bytes may be left.
  s.emit("vpand", s.v(low), s.v(register), s.bitsOperand(255));
  s.emit("vextractf128", s.x(upper), s.v(low), 1);
  s.emit("vpackusdw", s.x(low), s.x(low), s.x(upper));
  s.emit("vpackuswb", s.x(low), s.x(low), s.x(low));
  const bytes = count === undefined ? 8 : (count as number);
  if (bytes === 8) return s.emit("vmovq", place, s.x(low));
  let done = 0;
  if (bytes >= 4) {
    s.emit("vmovd", { ...place, size: 4 }, s.x(low));
    done = 4;
  }
  if (bytes - done >= 2) {
    s.emit("vpextrw", moved(place, done), s.x(low), done / 2);
    done += 2;
  }
  if (bytes > done) s.emit("vpextrb", moved(place, done), s.x(low), done);
}
