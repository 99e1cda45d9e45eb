/**
 * Binary encoding of WebAssembly modules: LEB128, sections, instructions by the specification's names.
 * Source: WebAssembly Core Specification 2.0 and 3.0, chapter "Binary Format"; the threads proposal for 0xfe.
 */
import { maximumPages } from "./memory-bounds.ts";

/**
 * Instructions in the specification's spelling, as its index of instructions lists them: the first opcode, what the names begin
 * with, and the names that follow one another ("-" passes over one). Opcodes with a prefix byte (0xfc, 0xfd, 0xfe) are
 * `prefix << 16 | number`.
 */
// prettier-ignore
const instructions = [
  [0x00, "", "unreachable - block loop if else"], [0x0b, "", "end br br_if - return call call_indirect"], [0x1a, "", "drop select"],
  [0x20, "local.", "get set tee"],
  [0x28, "", "i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u - i32.load16_u"],
  [0x36, "", "i32.store i64.store f32.store f64.store i32.store8 i32.store16"], [0x41, "", "i32.const i64.const f32.const f64.const"],
  [0x45, "i32.", "eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"], [0x50, "i64.", "eqz eq ne"],
  [0x5b, "f32.", "eq ne lt gt le ge"], [0x61, "f64.", "eq ne lt gt le ge"],
  [0x6a, "i32.", "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u"],
  [0x7c, "i64.", "add sub mul - - - - and or xor shl shr_s shr_u"],
  [0x8b, "f32.", "abs neg ceil floor trunc nearest sqrt add sub mul div min max"],
  [0x99, "f64.", "abs neg ceil floor trunc nearest sqrt add sub mul div min max"],
  [0xa7, "i32.", "wrap_i64"], [0xac, "i64.extend_i32_", "s u"], [0xb2, "f32.", "convert_i32_s - - - demote_f64"],
  [0xb7, "f64.", "convert_i32_s - - - promote_f32"], [0xbc, "", "i32.reinterpret_f32 - f32.reinterpret_i32"],
  [0xfc0000, "i32.trunc_sat_", "f32_s - f64_s"],
  [0xfd0000, "v128.", "load - - - - - - - - load32_splat - store const"], [0xfd000d, "i8x16.", "shuffle swizzle"],
  [0xfd0011, "", "i32x4.splat - f32x4.splat"], [0xfd001b, "", "i32x4.extract_lane - - - f32x4.extract_lane"],
  [0xfd0037, "i32x4.", "eq ne lt_s lt_u gt_s - le_s - ge_s"], [0xfd0041, "f32x4.", "eq ne lt gt le ge"],
  [0xfd004d, "v128.", "not and - or xor bitselect - load8_lane load16_lane load32_lane load64_lane"],
  [0xfd0058, "v128.", "store8_lane store16_lane store32_lane store64_lane load32_zero load64_zero"],
  [0xfd0067, "f32x4.", "ceil floor trunc nearest"], [0xfd0087, "i16x8.extend_low_i8x16_", "s - u"],
  [0xfd00a0, "i32x4.", "abs neg - - - - - extend_low_i16x8_s - extend_low_i16x8_u - shl shr_s shr_u add - - sub - - - mul min_s - max_s"],
  [0xfd00e0, "f32x4.", "abs neg - sqrt add sub mul div min max"],
  [0xfd00f8, "", "i32x4.trunc_sat_f32x4_s - f32x4.convert_i32x4_s"], [0xfd0105, "f32x4.", "relaxed_madd"],
  [0xfe0000, "memory.atomic.", "notify wait32"], [0xfe0010, "", "i32.atomic.load i64.atomic.load"],
  [0xfe0017, "", "i32.atomic.store i64.atomic.store"], [0xfe001e, "", "i32.atomic.rmw.add i64.atomic.rmw.add"],
  [0xfe0048, "", "i32.atomic.rmw.cmpxchg i64.atomic.rmw.cmpxchg"],
] as const;

type Words<Text extends string> = Text extends `${infer First} ${infer Rest}` ? First | Words<Rest> : Text;
type Named<Row> = Row extends readonly [number, infer Prefix extends string, infer Names extends string]
  ? `${Prefix}${Exclude<Words<Names>, "-">}`
  : never;
/** Name of an instruction. */
export type Opcode = Named<(typeof instructions)[number]>;

const opcodes: ReadonlyMap<string, number> = new Map(
  instructions.flatMap(([first, prefix, names]) => names.split(" ").map((name, i): [string, number] => [prefix + name, first + i])),
);

/** Whether WebAssembly has an instruction of that name (of those that are listed here). */
export function isOpcode(name: string): name is Opcode {
  return opcodes.has(name);
}

/** Value types. */
export const wasmTypes = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;

/** Name of a value type. */
export type WasmType = keyof typeof wasmTypes;

/** Type of a block that takes and leaves nothing. */
export const emptyBlock = 0x40;

/** Bytes that grow at the end. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(256);
  /** Bytes written so far. */
  length = 0;

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + count));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  /** One byte. */
  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.length++] = value;
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

  /** The bytes of numbers as memory holds them (little endian, as every engine has it). */
  numbers(values: Float32Array | Int32Array | Float64Array): void {
    this.append(new Uint8Array(values.buffer));
  }

  /** Raw bytes. */
  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** The length of what another writer holds, and its bytes. */
  bytes(content: ByteWriter): void {
    this.unsigned(content.length);
    this.append(content.finish());
  }

  /** A name: length and UTF-8. */
  name(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.unsigned(bytes.length);
    this.append(bytes);
  }

  /** A list: its length, then what `write` writes of each element. */
  list<T>(elements: readonly T[], write: (element: T, index: number) => void): void {
    this.unsigned(elements.length);
    elements.forEach(write);
  }

  /** An instruction with unsigned immediates: indices, labels, lanes, block types; of memory the alignment and the offset. */
  op(name: Opcode, ...immediates: readonly number[]): void {
    const code = opcodes.get(name)!;
    if (code < 0x100) this.byte(code);
    else {
      this.byte(code >>> 16);
      this.unsigned(code & 0xffff);
    }
    for (const immediate of immediates) this.unsigned(immediate);
  }

  /** `i32.const value`. */
  i32Const(value: number): void {
    this.op("i32.const");
    this.signed(value);
  }

  /** What was written. Valid until the next write. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
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
    s.list(types, ({ parameters, results }) => {
      s.byte(0x60);
      for (const list of [parameters, results]) s.list(list, (value) => s.byte(wasmTypes[value]));
    });
  });
  section(out, 2, (s) => {
    const imported = (from: string, name: string, ...description: readonly number[]) => {
      s.name(from);
      s.name(name);
      for (const number of description) s.unsigned(number);
    };
    s.unsigned(module.importedFunctions.length + 1 + (module.importsTable ? 1 : 0));
    module.importedFunctions.forEach((f, index) => imported(f.module, f.name, 0x00, importTypes[index]!));
    imported("env", "memory", 0x02, ...(module.sharedMemory ? [0x03, 0, maximumPages] : [0x00, 0]));
    if (module.importsTable) imported("env", "table", 0x01, 0x70, 0x00, 0);
  });
  section(out, 3, (s) => s.list(functionTypes, (type) => s.unsigned(type)));
  section(out, 7, (s) => {
    s.list(module.functions, ({ name }, index) => {
      s.name(name);
      s.byte(0x00);
      s.unsigned(module.importedFunctions.length + index);
    });
  });
  section(out, 10, (s) => {
    s.list(module.functions, ({ locals, code }) => {
      const body = new ByteWriter();
      body.list(localRuns(locals), ([type, count]) => {
        body.unsigned(count);
        body.byte(wasmTypes[type]);
      });
      body.append(code);
      body.op("end");
      s.bytes(body);
    });
  });
  return out.finish().slice();
}

function section(out: ByteWriter, id: number, write: (content: ByteWriter) => void): void {
  const content = new ByteWriter();
  write(content);
  out.byte(id);
  out.bytes(content);
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
