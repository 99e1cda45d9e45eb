/** What the processor can do, asked with generated code: the first code that runs. */
import { BackendError } from "../../../errors.ts";
import { Assembler, mem, r32, r64, rbx, rdx } from "./assembler/index.ts";
import { pageBytes, type System } from "./system.ts";

/** Instruction sets that kernels are generated for. */
export type InstructionSet = "avx2" | "avx512";

/** What was found. */
export interface ProcessorFeatures {
  /** From the better one on. */
  readonly instructionSets: readonly InstructionSet[];
  /** Why there is no better one, or none. */
  readonly missing: readonly string[];
  /** The processor's own name. */
  readonly name: string;
}

/** Bits of CPUID's answers: leaf, register (eax ebx ecx edx), bit. Source: Intel SDM volume 2, CPUID. */
const bits: Readonly<Record<string, readonly [number, 0 | 1 | 2 | 3, number]>> = {
  fma: [1, 2, 12],
  movbe: [1, 2, 22],
  osxsave: [1, 2, 27],
  avx: [1, 2, 28],
  f16c: [1, 2, 29],
  bmi1: [7, 1, 3],
  avx2: [7, 1, 5],
  bmi2: [7, 1, 8],
  avx512f: [7, 1, 16],
  avx512dq: [7, 1, 17],
  avx512cd: [7, 1, 28],
  avx512bw: [7, 1, 30],
  avx512vl: [7, 1, 31],
  lzcnt: [0x80000001, 2, 5],
};
const avx2Bits = ["osxsave", "avx", "avx2", "fma", "f16c", "bmi1", "bmi2", "lzcnt"];
const avx512Bits = ["avx512f", "avx512dq", "avx512cd", "avx512bw", "avx512vl"];
/** Registers that the system saves (XCR0): SSE and AVX; opmasks and the two halves of zmm. */
const avxState = 0b110;
const avx512State = 0b11100110;

/** cpuid(leaf, subleaf, out), xgetbv(out), probe(x) = x + 42. */
function emitProbe(): { readonly bytes: Uint8Array<ArrayBuffer>; readonly cpuid: number; readonly xgetbv: number; readonly probe: number } {
  const a = new Assembler();
  const out = r64(8);
  a.emit("push", rbx);
  a.emit("mov", out, rdx);
  a.emit("mov", r32(0), r32(7));
  a.emit("mov", r32(1), r32(6));
  a.emit("cpuid");
  [0, 3, 1, 2].forEach((register, i) => a.emit("mov", mem({ base: out, disp: 4 * i }), r32(register)));
  a.emit("pop", rbx);
  a.emit("ret");
  const xgetbv = a.position;
  a.emit("mov", r32(1), 0);
  a.emit("xgetbv");
  a.emit("mov", mem({ base: r64(7) }), r32(0));
  a.emit("ret");
  const probe = a.position;
  a.emit("lea", r32(0), mem({ base: r64(7), disp: 42 }));
  a.emit("ret");
  return { bytes: a.finish(), cpuid: 0, xgetbv, probe };
}

/** Runs a tiny function and asks the processor. Throws BackendError where code does not run. */
export function detectProcessor(system: System): ProcessorFeatures {
  const code = emitProbe();
  const address = system.map(2 * pageBytes, "generated code");
  try {
    const buffer = system.access.view(address, 2 * pageBytes);
    new Uint8Array(buffer).set(code.bytes);
    system.makeExecutable(address, pageBytes);
    const result = system.access.bind(address + code.probe, ["int32"], "int32")(1);
    if (result !== 43) {
      throw new BackendError({
        where: "x64 back-end",
        problem: "generated code does not run as it should",
        expected: "43",
        received: String(result),
      });
    }
    const out = address + pageBytes;
    const cpuid = system.access.bind(address + code.cpuid, ["int32", "int32", "address"], "void");
    const xgetbv = system.access.bind(address + code.xgetbv, ["address"], "void");
    const words = new Uint32Array(buffer, pageBytes, 4);
    const ask = (leaf: number): number[] => {
      cpuid(leaf | 0, 0, out);
      return [...words];
    };
    return describe(ask, () => {
      xgetbv(out);
      return words[0]!;
    });
  } finally {
    system.unmap(address, 2 * pageBytes);
  }
}

/** Reads CPUID's leaves. `state` may be asked only where the bit osxsave is set. */
export function describe(ask: (leaf: number) => readonly number[], state: () => number): ProcessorFeatures {
  const most = ask(0)[0]!;
  const mostExtended = ask(0x80000000)[0]!;
  const has = (name: string): boolean => {
    const [leaf, register, bit] = bits[name]!;
    if (leaf > (leaf >= 0x80000000 ? mostExtended : most)) return false;
    return ((ask(leaf)[register]! >>> bit) & 1) === 1;
  };
  const saved = has("osxsave") ? state() : 0;
  const missing = avx2Bits.filter((name) => !has(name));
  if ((saved & avxState) !== avxState) missing.push("AVX registers saved by the system");
  const instructionSets: InstructionSet[] = [];
  if (missing.length === 0) {
    instructionSets.push("avx2");
    missing.push(...avx512Bits.filter((name) => !has(name)));
    if ((saved & avx512State) !== avx512State) missing.push("AVX-512 registers saved by the system");
    if (missing.length === 0) instructionSets.unshift("avx512");
  }
  const name =
    mostExtended >= 0x80000004
      ? new TextDecoder().decode(Uint32Array.from([0x80000002, 0x80000003, 0x80000004].flatMap((leaf) => [...ask(leaf)])))
      : "";
  return { instructionSets, missing, name: name.replaceAll("\0", "").trim() };
}
