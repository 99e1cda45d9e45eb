/** Loads and stores of the loop IR as WebAssembly: scalars, whole vectors, some lanes. Elements of one and two bytes: narrow-memory.ts. */
import { isNarrowStorage, storageTypes } from "../loops/block.ts";
import { elementBytes } from "../loops/expression.ts";
import type { Address, Expr, Stmt, ValueType } from "../loops/ir.ts";
import { rareKernels } from "../loops/parts.ts";
import type { ByteWriter, WasmType } from "./encode.ts";
import { reservedBytes } from "./memory-bounds.ts";
import { localTypes } from "./opcode-tables.ts";

/** Lanes of a vector. */
export const laneCount: number = 4;

/** What the emitter of a function does for its memory instructions. */
export interface EmitHost {
  readonly code: ByteWriter;
  fail(problem: string, detail?: string): never;
  /** A scratch local; `release` gives it back once its last read is emitted. */
  scratch(type: WasmType): number;
  release(type: WasmType, local: number): void;
  expr(x: Expr): void;
  expect(x: Expr, type: ValueType): void;
  constant(type: ValueType, value: number): void;
  /** Takes the value on the stack into a variable, until the next call for its type. */
  keep(type: ValueType): Expr;
}

/** Emits the memory instructions of one function. */
export class MemoryEmitter {
  readonly host: EmitHost;

  constructor(host: EmitHost) {
    this.host = host;
  }

  /** Emits the base of an address; gives the offset for the instruction. */
  address(address: Address): number {
    let base = address.base;
    let offset = address.offset;
    while (base.op === "advance" && base.index.op === "const") {
      offset += base.index.value * base.scale;
      base = base.x;
    }
    this.host.expect(base, "ptr");
    if (offset >= 0 && offset <= reservedBytes - 64) return offset;
    this.host.code.i32Const(offset);
    this.host.code.op("i32.add");
    return 0;
  }

  /** Emits an address that is needed `times` times; gives a function that pushes it again, and the offset. */
  sharedAddress(address: Address, use: (push: () => void, offset: number) => void): void {
    const offset = this.address(address);
    const local = this.host.scratch("i32");
    this.host.code.op("local.set", local);
    use(() => this.host.code.op("local.get", local), offset);
    this.host.release("i32", local);
  }

  /** The lanes that a load or a store takes, which this target knows when it emits. */
  staticCount(count: number | Expr | undefined): number {
    if (count === undefined) return laneCount;
    if (typeof count !== "number" || count < 0 || count > laneCount) this.host.fail("a count of lanes must be a number from 0 to 4");
    return count;
  }

  load(x: Extract<Expr, { op: "load" }>): void {
    const { code } = this.host;
    const isVector = localTypes[x.type] === "v128";
    const laneType = storageTypes[x.storage];
    if (x.type !== (isVector ? `${laneType}v` : laneType)) this.host.fail(`storage ${x.storage} does not load as ${x.type}`);
    if (isNarrowStorage(x.storage)) return rareKernels.get().loadNarrow(this, x);
    if (!isVector || x.splat === true) {
      const offset = this.address(x.address);
      return code.op(isVector ? "v128.load32_splat" : `${x.storage}.load`, x.storage === "f64" ? 3 : 2, offset);
    }
    const count = this.staticCount(x.count);
    if (count === 0) return this.host.constant("i32v", 0);
    if (count === 3) {
      return this.sharedAddress(x.address, (push, offset) => {
        push();
        push();
        code.op("v128.load64_zero", 2, offset);
        code.op("v128.load32_lane", 2, offset + 8, 2);
      });
    }
    const offset = this.address(x.address);
    code.op(count === 4 ? "v128.load" : count === 2 ? "v128.load64_zero" : "v128.load32_zero", 2, offset);
  }

  store(s: Extract<Stmt, { op: "store" }>): void {
    const { code } = this.host;
    const { value, storage } = s;
    const isVector = localTypes[value.type] === "v128";
    const laneType = storageTypes[storage];
    if (value.type !== (isVector ? `${laneType}v` : laneType)) this.host.fail(`${value.type} cannot be stored as ${storage}`);
    if (!isVector) {
      const offset = this.address(s.address);
      if (isNarrowStorage(storage)) return rareKernels.get().storeNarrow(this, value, storage, offset);
      this.host.expr(value);
      return code.op(`${storage}.store`, storage === "f64" ? 3 : 2, offset);
    }
    const count = this.staticCount(s.count);
    if (count === 0) return;
    const pushValue = (): void => {
      if (isNarrowStorage(storage)) rareKernels.get().pushNarrow(this, value, storage);
      else this.host.expr(value);
    };
    const bytes = count * elementBytes[storage];
    if (bytes === 16) {
      const offset = this.address(s.address);
      pushValue();
      return code.op("v128.store", 2, offset);
    }
    const pieces = storePieces.filter((piece) => (bytes & piece.bytes) !== 0);
    if (pieces.length === 1) {
      const offset = this.address(s.address);
      pushValue();
      return code.op(pieces[0]!.opcode, 0, offset, 0);
    }
    this.sharedAddress(s.address, (push, offset) => {
      const vector = this.host.scratch("v128");
      pushValue();
      code.op("local.set", vector);
      let done = 0;
      for (const piece of pieces) {
        push();
        code.op("local.get", vector);
        code.op(piece.opcode, 0, offset + done, done / piece.bytes);
        done += piece.bytes;
      }
      this.host.release("v128", vector);
    });
  }
}

/** Largest first: what is stored before a piece is a multiple of its size. */
const storePieces = [
  { bytes: 8, opcode: "v128.store64_lane" },
  { bytes: 4, opcode: "v128.store32_lane" },
  { bytes: 2, opcode: "v128.store16_lane" },
  { bytes: 1, opcode: "v128.store8_lane" },
] as const;
