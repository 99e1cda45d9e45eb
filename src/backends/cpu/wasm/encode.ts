/**
 * Binary encoding of WebAssembly modules: LEB128, sections, instructions by the specification's names.
 * Source: WebAssembly Core Specification 2.0 and 3.0, chapter "Binary Format"; the threads proposal for 0xfe.
 */
import { maximumPages } from "./memory-bounds.ts";

/**
 * Opcodes in the specification's spelling. One byte, or `prefix << 16 | number` where the instruction has a prefix
 * byte (0xfc, 0xfd, 0xfe) and a LEB128 number.
 */
// prettier-ignore
export const opcodes = {
  "unreachable": 0x00, "block": 0x02, "loop": 0x03, "if": 0x04, "else": 0x05, "end": 0x0b, "br": 0x0c, "br_if": 0x0d,
  "return": 0x0f, "call": 0x10, "call_indirect": 0x11, "drop": 0x1a, "select": 0x1b,
  "local.get": 0x20, "local.set": 0x21, "local.tee": 0x22,
  "i32.load": 0x28, "i64.load": 0x29, "f32.load": 0x2a, "f64.load": 0x2b, "i32.load8_s": 0x2c, "i32.load8_u": 0x2d, "i32.load16_u": 0x2f,
  "i32.store": 0x36, "i64.store": 0x37, "f32.store": 0x38, "f64.store": 0x39, "i32.store8": 0x3a, "i32.store16": 0x3b,
  "i32.const": 0x41, "i64.const": 0x42, "f32.const": 0x43, "f64.const": 0x44,
  "i32.eqz": 0x45, "i32.eq": 0x46, "i32.ne": 0x47, "i32.lt_s": 0x48, "i32.lt_u": 0x49, "i32.gt_s": 0x4a, "i32.gt_u": 0x4b,
  "i32.le_s": 0x4c, "i32.le_u": 0x4d, "i32.ge_s": 0x4e, "i32.ge_u": 0x4f,
  "i64.eqz": 0x50, "i64.eq": 0x51, "i64.ne": 0x52,
  "f32.eq": 0x5b, "f32.ne": 0x5c, "f32.lt": 0x5d, "f32.gt": 0x5e, "f32.le": 0x5f, "f32.ge": 0x60,
  "f64.eq": 0x61, "f64.ne": 0x62, "f64.lt": 0x63, "f64.gt": 0x64, "f64.le": 0x65, "f64.ge": 0x66,
  "i32.add": 0x6a, "i32.sub": 0x6b, "i32.mul": 0x6c, "i32.div_s": 0x6d, "i32.div_u": 0x6e, "i32.rem_s": 0x6f, "i32.rem_u": 0x70,
  "i32.and": 0x71, "i32.or": 0x72, "i32.xor": 0x73, "i32.shl": 0x74, "i32.shr_s": 0x75, "i32.shr_u": 0x76,
  "i64.add": 0x7c, "i64.sub": 0x7d, "i64.mul": 0x7e, "i64.and": 0x83, "i64.or": 0x84, "i64.xor": 0x85,
  "i64.shl": 0x86, "i64.shr_s": 0x87, "i64.shr_u": 0x88,
  "f32.abs": 0x8b, "f32.neg": 0x8c, "f32.ceil": 0x8d, "f32.floor": 0x8e, "f32.trunc": 0x8f, "f32.nearest": 0x90, "f32.sqrt": 0x91,
  "f32.add": 0x92, "f32.sub": 0x93, "f32.mul": 0x94, "f32.div": 0x95, "f32.min": 0x96, "f32.max": 0x97,
  "f64.abs": 0x99, "f64.neg": 0x9a, "f64.ceil": 0x9b, "f64.floor": 0x9c, "f64.trunc": 0x9d, "f64.nearest": 0x9e, "f64.sqrt": 0x9f,
  "f64.add": 0xa0, "f64.sub": 0xa1, "f64.mul": 0xa2, "f64.div": 0xa3, "f64.min": 0xa4, "f64.max": 0xa5,
  "i32.wrap_i64": 0xa7, "i64.extend_i32_s": 0xac, "i64.extend_i32_u": 0xad,
  "f32.convert_i32_s": 0xb2, "f32.demote_f64": 0xb6, "f64.convert_i32_s": 0xb7, "f64.promote_f32": 0xbb,
  "i32.reinterpret_f32": 0xbc, "f32.reinterpret_i32": 0xbe,
  "i32.trunc_sat_f32_s": 0xfc0000, "i32.trunc_sat_f64_s": 0xfc0002,

  "v128.load": 0xfd0000, "v128.load32_splat": 0xfd0009, "v128.store": 0xfd000b, "v128.const": 0xfd000c,
  "i8x16.shuffle": 0xfd000d, "i8x16.swizzle": 0xfd000e, "i32x4.splat": 0xfd0011, "f32x4.splat": 0xfd0013,
  "i32x4.extract_lane": 0xfd001b, "f32x4.extract_lane": 0xfd001f,
  "i32x4.eq": 0xfd0037, "i32x4.ne": 0xfd0038, "i32x4.lt_s": 0xfd0039, "i32x4.lt_u": 0xfd003a, "i32x4.gt_s": 0xfd003b,
  "i32x4.le_s": 0xfd003d, "i32x4.ge_s": 0xfd003f,
  "f32x4.eq": 0xfd0041, "f32x4.ne": 0xfd0042, "f32x4.lt": 0xfd0043, "f32x4.gt": 0xfd0044, "f32x4.le": 0xfd0045, "f32x4.ge": 0xfd0046,
  "v128.not": 0xfd004d, "v128.and": 0xfd004e, "v128.or": 0xfd0050, "v128.xor": 0xfd0051, "v128.bitselect": 0xfd0052,
  "v128.load8_lane": 0xfd0054, "v128.load16_lane": 0xfd0055, "v128.load32_lane": 0xfd0056, "v128.load64_lane": 0xfd0057,
  "v128.store8_lane": 0xfd0058, "v128.store16_lane": 0xfd0059, "v128.store32_lane": 0xfd005a, "v128.store64_lane": 0xfd005b,
  "v128.load32_zero": 0xfd005c, "v128.load64_zero": 0xfd005d,
  "f32x4.ceil": 0xfd0067, "f32x4.floor": 0xfd0068, "f32x4.trunc": 0xfd0069, "f32x4.nearest": 0xfd006a,
  "i16x8.extend_low_i8x16_s": 0xfd0087, "i16x8.extend_low_i8x16_u": 0xfd0089, "i32x4.abs": 0xfd00a0, "i32x4.neg": 0xfd00a1, "i32x4.extend_low_i16x8_s": 0xfd00a7, "i32x4.extend_low_i16x8_u": 0xfd00a9,
  "i32x4.shl": 0xfd00ab, "i32x4.shr_s": 0xfd00ac, "i32x4.shr_u": 0xfd00ad, "i32x4.add": 0xfd00ae, "i32x4.sub": 0xfd00b1,
  "i32x4.mul": 0xfd00b5, "i32x4.min_s": 0xfd00b6, "i32x4.max_s": 0xfd00b8,
  "f32x4.abs": 0xfd00e0, "f32x4.neg": 0xfd00e1, "f32x4.sqrt": 0xfd00e3, "f32x4.add": 0xfd00e4, "f32x4.sub": 0xfd00e5,
  "f32x4.mul": 0xfd00e6, "f32x4.div": 0xfd00e7, "f32x4.min": 0xfd00e8, "f32x4.max": 0xfd00e9,
  "i32x4.trunc_sat_f32x4_s": 0xfd00f8, "f32x4.convert_i32x4_s": 0xfd00fa, "f32x4.relaxed_madd": 0xfd0105,

  "memory.atomic.notify": 0xfe0000, "memory.atomic.wait32": 0xfe0001, "i32.atomic.load": 0xfe0010, "i64.atomic.load": 0xfe0011,
  "i32.atomic.store": 0xfe0017, "i64.atomic.store": 0xfe0018, "i32.atomic.rmw.add": 0xfe001e, "i64.atomic.rmw.add": 0xfe001f,
  "i32.atomic.rmw.cmpxchg": 0xfe0048, "i64.atomic.rmw.cmpxchg": 0xfe0049,
} as const;

/** Name of an instruction in `opcodes`. */
export type Opcode = keyof typeof opcodes;

/** Value types. */
export const wasmTypes = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;

/** Name of a value type. */
export type WasmType = keyof typeof wasmTypes;

/** Type of a block that takes and leaves nothing. */
export const emptyBlock = 0x40;

/** Bytes that grow at the end. */
export class ByteWriter {
  private bytes: Uint8Array<ArrayBuffer> = new Uint8Array(256);
  private view: DataView = new DataView(this.bytes.buffer);
  /** Bytes written so far. */
  length = 0;

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    grown.set(this.bytes);
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  /** One byte. */
  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Unsigned LEB128, up to 2^53. */
  unsigned(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  /** Signed LEB128 of an i32 (values up to 2^32 wrap). */
  signed(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  /** Four bytes of a float32, little endian. */
  float32(value: number): void {
    this.reserve(4);
    this.view.setFloat32(this.length, value, true);
    this.length += 4;
  }

  /** Four bytes of an int32, little endian. */
  int32(value: number): void {
    this.reserve(4);
    this.view.setInt32(this.length, value | 0, true);
    this.length += 4;
  }

  /** Eight bytes of a float64, little endian. */
  float64(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** Raw bytes. */
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** A name: length and UTF-8. */
  name(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.unsigned(bytes.length);
    this.append(bytes);
  }

  /** Opcode of an instruction, with its prefix. */
  op(name: Opcode): void {
    const code: number = opcodes[name];
    if (code < 0x100) return this.byte(code);
    this.byte(code >>> 16);
    this.unsigned(code & 0xffff);
  }

  /** An instruction with unsigned immediates (indices, labels, lanes). */
  opWith(name: Opcode, ...immediates: readonly number[]): void {
    this.op(name);
    for (const immediate of immediates) this.unsigned(immediate);
  }

  /** A memory instruction: alignment as a power of two, offset. */
  memory(name: Opcode, alignment: number, offset: number): void {
    this.opWith(name, alignment, offset);
  }

  /** `i32.const value`. */
  i32Const(value: number): void {
    this.op("i32.const");
    this.signed(value);
  }

  /** What was written. Valid until the next write. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }
}

/** Type of a function. */
export interface FunctionType {
  readonly parameters: readonly WasmType[];
  readonly results: readonly WasmType[];
}

/** A function of a module. */
export interface WasmFunction {
  readonly name: string;
  readonly type: FunctionType;
  /** Locals after the parameters. */
  readonly locals: readonly WasmType[];
  /** Instructions without the final `end`. */
  readonly code: Uint8Array;
}

/** What a module is made of. Imported functions take the first function indices. */
export interface WasmModule {
  readonly importedFunctions: readonly { readonly module: string; readonly name: string; readonly type: FunctionType }[];
  /** Import of memory "env" "memory": shared (at most 4 GiB) or not. */
  readonly sharedMemory: boolean;
  /** Imports the function table "env" "table". */
  readonly importsTable: boolean;
  /** Types that `call_indirect` names, by position: type index i is `extraTypes[i]`. */
  readonly extraTypes: readonly FunctionType[];
  /** All are exported by name. */
  readonly functions: readonly WasmFunction[];
}

/** Bytes of a module. */
export function encodeModule(module: WasmModule): Uint8Array<ArrayBuffer> {
  const types: FunctionType[] = [...module.extraTypes];
  const typeKeys = new Map<string, number>(types.map((type, index) => [typeKey(type), index]));
  const typeIndex = (type: FunctionType): number => {
    const key = typeKey(type);
    const known = typeKeys.get(key);
    if (known !== undefined) return known;
    typeKeys.set(key, types.length);
    types.push(type);
    return types.length - 1;
  };
  const importTypes = module.importedFunctions.map((imported) => typeIndex(imported.type));
  const functionTypes = module.functions.map((f) => typeIndex(f.type));

  const out = new ByteWriter();
  out.append(new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]));
  section(out, 1, (s) => {
    s.unsigned(types.length);
    for (const type of types) {
      s.byte(0x60);
      for (const list of [type.parameters, type.results]) {
        s.unsigned(list.length);
        for (const value of list) s.byte(wasmTypes[value]);
      }
    }
  });
  section(out, 2, (s) => {
    s.unsigned(module.importedFunctions.length + 1 + (module.importsTable ? 1 : 0));
    module.importedFunctions.forEach((imported, index) => {
      s.name(imported.module);
      s.name(imported.name);
      s.byte(0x00);
      s.unsigned(importTypes[index]!);
    });
    s.name("env");
    s.name("memory");
    s.byte(0x02);
    s.byte(module.sharedMemory ? 0x03 : 0x00);
    s.unsigned(0);
    if (module.sharedMemory) s.unsigned(maximumPages);
    if (module.importsTable) {
      s.name("env");
      s.name("table");
      s.byte(0x01);
      s.byte(0x70);
      s.byte(0x00);
      s.unsigned(0);
    }
  });
  section(out, 3, (s) => {
    s.unsigned(functionTypes.length);
    for (const type of functionTypes) s.unsigned(type);
  });
  section(out, 7, (s) => {
    s.unsigned(module.functions.length);
    module.functions.forEach((f, index) => {
      s.name(f.name);
      s.byte(0x00);
      s.unsigned(module.importedFunctions.length + index);
    });
  });
  section(out, 10, (s) => {
    s.unsigned(module.functions.length);
    for (const f of module.functions) {
      const body = new ByteWriter();
      const runs = localRuns(f.locals);
      body.unsigned(runs.length);
      for (const [type, count] of runs) {
        body.unsigned(count);
        body.byte(wasmTypes[type]);
      }
      body.append(f.code);
      body.op("end");
      s.unsigned(body.length);
      s.append(body.finish());
    }
  });
  return out.finish().slice();
}

function section(out: ByteWriter, id: number, write: (content: ByteWriter) => void): void {
  const content = new ByteWriter();
  write(content);
  out.byte(id);
  out.unsigned(content.length);
  out.append(content.finish());
}

function typeKey(type: FunctionType): string {
  return `${type.parameters.join()}>${type.results.join()}`;
}

function localRuns(locals: readonly WasmType[]): [WasmType, number][] {
  const runs: [WasmType, number][] = [];
  for (const type of locals) {
    const last = runs[runs.length - 1];
    if (last !== undefined && last[0] === type) last[1]++;
    else runs.push([type, 1]);
  }
  return runs;
}
