/** The instruction tables, read into records that the assembler looks up by mnemonic and kinds of operands. */
import { InternalError } from "../../../../errors.ts";
import { type GeneralMnemonic, generalTable } from "./general-table.ts";
import type { Operand } from "./operands.ts";
import { type VectorMnemonic, vectorTable } from "./vector-table.ts";

/** Any instruction. */
export type Mnemonic = GeneralMnemonic | VectorMnemonic;

/** What an operand is, as far as choosing an encoding goes: four bits each. */
// prettier-ignore
export const operandCodes = {
  r8: 1, r32: 2, r64: 3, xmm: 4, ymm: 5, zmm: 6, k: 7, mem: 8,
  /** Immediates by range: signed byte, byte from 128 to 255, signed 32 bits, 32 bits from 2^31, 64 bits. */
  i8: 9, u8: 10, i32: 11, u32: 12, i64: 13, label: 14,
} as const;

type OperandCode = keyof typeof operandCodes;

/** Positions of operands in an instruction's fields; -1: the field is not used. */
interface Fields {
  /** ModRM.reg, or the register in the opcode's low bits (see `inOpcode`). */
  readonly reg: number;
  /** ModRM.r/m. */
  readonly rm: number;
  /** VEX.vvvv. */
  readonly vvvv: number;
  readonly immediate: number;
  /** Register in imm8[7:4]. */
  readonly is4: number;
}

/** One way to encode a mnemonic for given kinds of operands. */
export interface Encoding {
  readonly mnemonic: Mnemonic;
  /** The line of the table it comes from. */
  readonly line: string;
  /** Kinds of its operands. */
  readonly operands: readonly OperandCode[];
  readonly form: "general" | "vector" | "jump";
  readonly fields: Fields;
  /** In ModRM.reg, where that is no operand; -1. */
  readonly digit: number;
  readonly inOpcode: boolean;
  /** general: F2, F3, 66 or F0 before REX; vector: VEX.pp (0 none, 1 66, 2 F3, 3 F2). jump: unused. */
  readonly prefix: number;
  /** general: opcode bytes. vector: one byte. jump: the near opcode. */
  readonly opcode: readonly number[];
  /** vector: VEX.mmmmm. */
  readonly map: number;
  /** jump: opcode with 8 bits of displacement; -1: none. */
  readonly shortOpcode: number;
  /** general: REX.W. */
  readonly wide: boolean;
  readonly vexW: number;
  readonly evexW: number;
  readonly hasVex: boolean;
  readonly hasEvex: boolean;
  /** VEX.L / EVEX.L'L. */
  readonly length: number;
  /** Bytes of the embedded broadcast's element; 0: none. */
  readonly broadcast: number;
  /** Bytes that disp8 counts in, with EVEX. */
  readonly dispScale: number;
  /** Bytes of the immediate. */
  readonly immediateBytes: number;
  /** Bytes of the memory operand, where registers leave it open; 0. */
  readonly memorySize: number;
}

const prefixCodes: Readonly<Record<string, number>> = { NP: 0, "66": 1, F3: 2, F2: 3 };
const mapCodes: Readonly<Record<string, number>> = { "0F": 1, "0F38": 2, "0F3A": 3 };
const byteCodes: readonly OperandCode[] = ["i8", "u8"];

/** Kinds that an operand column allows; `size` is r32 or r64, `vector` the register of the length (h: that of half of it). */
function allowed(token: string, size: "r32" | "r64", vector: OperandCode): readonly OperandCode[] {
  switch (token) {
    case "v":
      return [vector];
    case "x":
      return ["xmm"];
    case "y":
      return ["ymm"];
    case "h":
      return [vector === "zmm" ? "ymm" : "xmm"];
    case "k":
    case "r8":
    case "r32":
    case "r64":
      return [token];
    case "r":
      return [size];
    case "m":
    case "m8":
    case "m16":
    case "m32":
      return ["mem"];
    case "i":
    case "ib":
      return byteCodes;
    case "i8":
      return ["i8"];
    case "i32":
      return size === "r32" ? ["i8", "u8", "i32", "u32"] : ["i8", "u8", "i32"];
    case "u32":
      return ["i8", "u8", "i32", "u32"];
    case "i64":
      return ["i8", "u8", "i32", "u32", "i64"];
    case "rel":
      return ["label"];
  }
  const [first, second] = token.split("/");
  if (second === undefined) throw new InternalError("x64 tables", `unknown operand ${token}`);
  return [...allowed(first!, size, vector), ...allowed(second, size, vector)];
}

function product(lists: readonly (readonly OperandCode[])[]): OperandCode[][] {
  return lists.reduce<OperandCode[][]>((found, list) => found.flatMap((head) => list.map((code) => [...head, code])), [[]]);
}

function fieldsOf(en: string, operands: number): Fields {
  const fields = { reg: -1, rm: -1, vvvv: -1, immediate: -1, is4: -1 };
  if (en === "ZO" || en === "D") return fields;
  if (en === "MC") return { ...fields, rm: 0 };
  [...en].forEach((letter, i) => {
    if (letter === "R") {
      if (i === 3) fields.is4 = i;
      else fields.reg = i;
    } else if (letter === "M") fields.rm = i;
    else if (letter === "V") fields.vvvv = i;
    else if (letter === "I") fields.immediate = i;
    else if (letter === "O") fields.reg = i;
  });
  if (operands === 2 && en === "O") fields.immediate = 1;
  return fields;
}

function* vectorEncodings(mnemonic: Mnemonic, line: string): Generator<Encoding> {
  const [en, columns, prefix, opcode, lengths, tuple] = line.split(" ") as [string, string, string, string, string, string];
  const [pp, map, w] = prefix.split(".") as [string, string, string];
  const [byte, digit] = opcode.split("/") as [string, string | undefined];
  const [vex, evex] = lengths.split(".") as [string, string];
  const tokens = columns === "-" ? [] : columns.split(",");
  const element = Number(tuple.slice(/\d/.exec(tuple)?.index ?? 0)) || 0;
  for (const [letter, vector, length] of [
    ["x", "xmm", 0],
    ["y", "ymm", 1],
    ["z", "zmm", 2],
    ["L", "xmm", 0],
  ] as const) {
    const hasVex = vex.includes(letter);
    const hasEvex = evex.includes(letter);
    if (!hasVex && !hasEvex) continue;
    const bytes = 16 << length;
    const scale = tuple.startsWith("FV") ? bytes : tuple === "HVM" ? bytes / 2 : tuple === "QVM" ? bytes / 4 : element;
    for (const operands of product(tokens.map((token) => allowed(token, "r32", vector)))) {
      yield {
        mnemonic,
        line,
        operands,
        form: "vector",
        fields: fieldsOf(en, tokens.length),
        digit: digit === undefined ? -1 : Number(digit),
        inOpcode: false,
        prefix: prefixCodes[pp]!,
        opcode: [parseInt(byte, 16)],
        map: mapCodes[map]!,
        shortOpcode: -1,
        wide: false,
        vexW: w === "W1" ? 1 : 0,
        evexW: w === "W0" ? 0 : 1,
        hasVex,
        hasEvex,
        length,
        broadcast: tuple.startsWith("FV") ? element : 0,
        dispScale: scale,
        immediateBytes: en.includes("I") || en === "RVMR" ? 1 : 0,
        memorySize: tokens.includes("r64/m") ? 8 : tokens.includes("r32/m") ? 4 : 0,
      };
    }
  }
}

function* generalEncodings(mnemonic: Mnemonic, line: string): Generator<Encoding> {
  const [en, opcode, columns, ...sizes] = line.split(" ") as [string, string, string, ...string[]];
  const [bytesText, digit] = opcode.split("/") as [string, string | undefined];
  const isJump = en === "D";
  const parts = bytesText.split(".");
  const shortOpcode = isJump ? (parts[0] === "-" ? -1 : parseInt(parts[0]!, 16)) : -1;
  const bytes = (isJump ? parts.slice(1) : parts).map((byte) => parseInt(byte, 16));
  const hasPrefix = !isJump && bytes.length > 1 && [0xf0, 0xf2, 0xf3, 0x66].includes(bytes[0]!);
  const tokens = columns === "-" ? [] : columns.split(",");
  const fields = fieldsOf(en, tokens.length);
  for (const size of sizes) {
    const wide = size === "64" || size === "W";
    const last = tokens.at(-1);
    const immediateBytes = fields.immediate < 0 ? 0 : last === "i64" ? 8 : last === "i8" || last === "ib" ? 1 : 4;
    const memory = tokens.find((token) => token.includes("m"));
    const memorySize =
      memory === undefined || memory === "m" ? 0 : /m(8|16|32)$/.test(memory) ? Number(/\d+$/.exec(memory)![0]) / 8 : wide ? 8 : 4;
    const isTold = tokens.includes("r") && memory === "r/m";
    for (const operands of product(tokens.map((token) => allowed(token, size === "64" ? "r64" : "r32", "xmm")))) {
      yield {
        mnemonic,
        line,
        operands,
        form: isJump ? "jump" : "general",
        fields,
        digit: digit === undefined ? -1 : Number(digit),
        inOpcode: en === "O",
        prefix: hasPrefix ? bytes[0]! : 0,
        opcode: hasPrefix ? bytes.slice(1) : bytes,
        map: 0,
        shortOpcode,
        wide,
        vexW: 0,
        evexW: 0,
        hasVex: false,
        hasEvex: false,
        length: 0,
        broadcast: 0,
        dispScale: 1,
        immediateBytes,
        memorySize: isTold ? 0 : memory === "m" && sizes.length > 1 && !tokens.includes("r") ? (wide ? 8 : 4) : memorySize,
      };
    }
  }
}

function* encodingsOfMnemonic(mnemonic: Mnemonic): Generator<Encoding> {
  for (const [table, parse] of [
    [generalTable, generalEncodings],
    [vectorTable, vectorEncodings],
  ] as const) {
    const lines = (table as Partial<Record<Mnemonic, readonly string[]>>)[mnemonic] ?? [];
    for (const line of lines) yield* parse(mnemonic, line);
  }
}

/** Every encoding of every table line. */
export function* allEncodings(): Generator<Encoding> {
  for (const mnemonic of [...Object.keys(generalTable), ...Object.keys(vectorTable)] as Mnemonic[]) yield* encodingsOfMnemonic(mnemonic);
}

/** Number that names kinds of operands in order. */
export function signature(codes: readonly OperandCode[]): number {
  return codes.reduce((sum, code, i) => sum | (operandCodes[code] << (4 * i)), 0);
}

/** Encodings by mnemonic, then by signature; a mnemonic's lines are read when it is first used. */
const lookup = new Map<Mnemonic, Map<number, Encoding[]>>();

function read(mnemonic: Mnemonic): Map<number, Encoding[]> {
  const found = new Map<number, Encoding[]>();
  for (const encoding of encodingsOfMnemonic(mnemonic)) {
    const key = signature(encoding.operands);
    const list = found.get(key);
    if (list === undefined) found.set(key, [encoding]);
    else list.push(encoding);
  }
  lookup.set(mnemonic, found);
  return found;
}

/** Encodings of a mnemonic for a signature, best first; undefined: there are none. */
export function encodingsOf(mnemonic: Mnemonic, key: number): readonly Encoding[] | undefined {
  return (lookup.get(mnemonic) ?? read(mnemonic)).get(key);
}

/** Code of an operand: its position in a signature. */
export function operandCode(operand: Operand): number {
  if (typeof operand === "object") return operandCodes[operand.kind];
  if (typeof operand === "bigint") return operandCodes.i64;
  if (operand >= -128 && operand <= 127) return operandCodes.i8;
  if (operand >= 0 && operand <= 255) return operandCodes.u8;
  if (operand >= -0x80000000 && operand <= 0x7fffffff) return operandCodes.i32;
  if (operand >= 0 && operand <= 0xffffffff) return operandCodes.u32;
  return operandCodes.i64;
}
