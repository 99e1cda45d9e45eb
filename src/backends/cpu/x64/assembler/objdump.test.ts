import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Assembler, formatInstruction } from "./assembler.ts";
import { allEncodings, type Encoding } from "./encodings.ts";
import { k, masked, mem, type Memory, type MemoryParts, type Operand, r64, type Register, registers } from "./operands.ts";

const isMissing = spawnSync("objdump", ["--version"]).error !== undefined;
if (isMissing) console.log("encodings are not compared with objdump: binutils is not installed");

interface Sample {
  readonly encoding: Encoding;
  readonly operands: readonly Operand[];
}

const addresses: readonly MemoryParts[] = [
  ...[0, 3, 4, 5, 7, 8, 12, 13, 15].flatMap((base) => [0, 0x40, 0x80, -0x40, 4, -0x2000].map((disp) => ({ base: r64(base), disp }))),
  ...[0, 4, 5, 12, 13].map((base) => ({ base: r64(base), index: r64(1), scale: 4, disp: 0 }) as const),
  ...[0, 4, 5, 12, 13].map((base) => ({ base: r64(base), index: r64(12), scale: 8, disp: 0x100 }) as const),
  { base: r64(9), index: r64(5), scale: 1, disp: -1 },
  { base: r64(3), index: r64(13), scale: 2, disp: 0x12345678 },
  { base: null, index: r64(9), scale: 2, disp: 0x7fff },
  { base: null, index: null, disp: 0x1234 },
];

/** Operands of every kind an encoding takes: low and high registers, every way to address, masks and broadcasts. */
function* samples(encoding: Encoding): Generator<Sample> {
  const { operands: kinds } = encoding;
  const needsSize = encoding.memorySize;
  const immediate = (kind: string, sign: number): number | bigint => {
    if (kind === "i8") return sign < 0 ? -5 : 0x7b;
    if (kind === "u8") return 0x9c;
    if (kind === "i32") return sign < 0 ? -0x12345678 : 0x12345678;
    if (kind === "u32") return 0x9abcdef0;
    return 0x123456789abcdef0n;
  };
  const make = (pick: (kind: Encoding["operands"][number], position: number) => number, memory: Memory, sign = 1): Operand[] =>
    kinds.map((kind, i) => {
      if (kind === "mem") return memory;
      if (kind === "label") return new Assembler().label();
      if (kind === "i8" || kind === "u8" || kind === "i32" || kind === "u32" || kind === "i64") return immediate(kind, sign);
      return registers[kind][pick(kind, i)]!;
    });
  const size = needsSize as 0 | 1 | 2 | 4 | 8;
  const isShiftByCl = encoding.line.startsWith("MC");
  const limit = (kind: string): number =>
    kind === "k" ? 8 : kind === "r8" || kind === "r32" || kind === "r64" ? 16 : encoding.hasEvex ? 32 : 16;
  const simple = mem({ base: r64(0), size });
  const picks = [1, 6, 9, 14, 17, 22, 31].map((start) => (kind: Encoding["operands"][number], i: number) => {
    if (isShiftByCl && i === 1) return 1;
    return (start + 3 * i) % limit(kind);
  });
  const isVector = encoding.form === "vector";
  for (const pick of picks) yield { encoding, operands: make(pick, simple) };
  // Bytes that are no signed numbers (counts, selectors) print unsigned.
  const isSigned = !isVector && !encoding.line.includes(",ib");
  if (isSigned && kinds.some((kind) => kind === "i8" || kind === "i32")) yield { encoding, operands: make(picks[0]!, simple, -1) };
  const withMask = (operands: Operand[], how: "merging" | "zeroing", mask: number): Operand[] => [
    masked(operands[0] as Register | Memory, k(mask), how),
    ...operands.slice(1),
  ];
  const isMaskable =
    isVector &&
    encoding.hasEvex &&
    !/^(k|vpmovm|vpmovd2m|vmovd|vmovq|vpextr|vpinsr|vmovhlps|vmovntps|vcvtsi|vcvtt?s[sd]2si|vucomi)/.test(encoding.mnemonic);
  const destination = kinds[0];
  if (isMaskable) {
    yield { encoding, operands: withMask(make(picks[0]!, simple), "merging", 1) };
    if (destination !== "k" && destination !== "mem") yield { encoding, operands: withMask(make(picks[4]!, simple), "zeroing", 7) };
  }
  if (!kinds.includes("mem")) return;
  for (const parts of addresses) {
    yield { encoding, operands: make(picks[0]!, mem({ ...parts, size })) };
    if (isVector && encoding.hasEvex) yield { encoding, operands: make(picks[5]!, mem({ ...parts, size })) };
    if (encoding.broadcast > 0 && encoding.hasEvex)
      yield { encoding, operands: make(picks[2]!, mem({ ...parts, broadcast: encoding.broadcast as 4 | 8 })) };
  }
}

/** Our text of an instruction as objdump would print it. */
function expectedText({ encoding, operands }: Sample): string {
  const wide = encoding.operands[0] === "r64" || encoding.memorySize === 8 || (encoding.form === "general" && encoding.wide);
  const printed = operands.map((operand): Operand => {
    if (typeof operand !== "number" || operand >= 0) return operand;
    return encoding.operands[0] === "r8" || encoding.memorySize === 1 ? operand & 255 : BigInt.asUintN(wide ? 64 : 32, BigInt(operand));
  });
  return formatInstruction(encoding.mnemonic, printed);
}

/** objdump's text without what it says beside ours: sizes of memory, spaces, comments. */
function normalized(text: string): string {
  const isBroadcast = text.includes(" BCST ") || /\{1to\d+\}/.test(text);
  let plain = text
    .replace(/#.*$/, "")
    .trim()
    .replace(/\b(BYTE|WORD|DWORD|QWORD|XMMWORD|YMMWORD|ZMMWORD|OWORD)( PTR| BCST) /g, "")
    .replace(/\{1to\d+\}/, "")
    .replace(/\bds:(0x[0-9a-f]+)/, "[$1]")
    .replace(/^movabs/, "mov")
    .replace(/^lock +/, "lock ")
    .replace(/^(lock )?(\S+) +/, "$1$2 ")
    .replace("+0x0]", "]")
    .replace("{evex} ", "")
    .trim();
  if (isBroadcast) plain = plain.replace("]", "]{bcst}");
  return plain;
}

describe.skipIf(isMissing)("every encoding", () => {
  it("reads in objdump as it was written", () => {
    const assembler = new Assembler();
    const made: { readonly sample: Sample; readonly position: number }[] = [];
    for (const encoding of allEncodings()) {
      if (encoding.form === "jump") continue;
      for (const sample of samples(encoding)) {
        made.push({ sample, position: assembler.position });
        try {
          assembler.emitList(encoding.mnemonic, sample.operands);
        } catch (error) {
          expect.fail(`${encoding.line} ${formatInstruction(encoding.mnemonic, sample.operands)}: ${String(error)}`);
        }
      }
    }
    const end = assembler.position;
    const directory = mkdtempSync(join(tmpdir(), "nabla-objdump-"));
    const lines = new Map<number, string>();
    try {
      writeFileSync(join(directory, "code.bin"), assembler.finish());
      const text = execFileSync(
        "objdump",
        ["-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn", join(directory, "code.bin")],
        { encoding: "utf8", maxBuffer: 1 << 28 },
      );
      for (const line of text.split("\n")) {
        const found = /^\s*([0-9a-f]+):\s+(.*)$/.exec(line);
        if (found !== null) lines.set(parseInt(found[1]!, 16), found[2]!);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
    expect(made.length).toBeGreaterThan(10000);
    const wrong: string[] = [];
    const starts = [...lines.keys()].sort((a, b) => a - b);
    const boundaries = new Set(made.map(({ position }) => position));
    for (const start of starts) if (!boundaries.has(start) && start < end) wrong.push(`nothing starts at ${start}: ${lines.get(start)}`);
    for (const { sample, position } of made) {
      const text = lines.get(position);
      const expected = expectedText(sample);
      if (text === undefined || normalized(text) !== expected)
        wrong.push(`${sample.encoding.line}: ${expected} reads ${text === undefined ? "as nothing" : normalized(text)}`);
    }
    expect(wrong.slice(0, 20)).toEqual([]);
  });
});
