import { describe, expect, it } from "vitest";
import { InternalError } from "../../../../errors.ts";
import { Assembler } from "./assembler.ts";
import type { Mnemonic } from "./encodings.ts";
import { k, masked, mem, type Operand, r32, r64, r8, rax, rbp, rcx, rdi, rdx, rsp, xmm, ymm, zmm } from "./operands.ts";

function bytes(build: (asm: Assembler) => void): string {
  const asm = new Assembler();
  build(asm);
  return [...asm.finish()].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

function one(mnemonic: Mnemonic, ...operands: Operand[]): string {
  return bytes((asm) => asm.emit(mnemonic, ...operands));
}

describe("general instructions", () => {
  it.each<[string, Mnemonic, ...Operand[]]>([
    ["89 c8", "mov", r32(0), r32(1)],
    ["48 89 c8", "mov", rax, rcx],
    ["4d 89 f9", "mov", r64(9), r64(15)],
    ["b8 01 00 00 00", "mov", r32(0), 1],
    ["b8 ff ff ff ff", "mov", r32(0), 0xffffffff],
    ["48 c7 c0 ff ff ff ff", "mov", rax, -1],
    ["48 b8 88 77 66 55 44 33 22 11", "mov", rax, 0x1122334455667788n],
    ["48 8b 44 24 08", "mov", rax, mem({ base: rsp, disp: 8 })],
    ["c7 00 05 00 00 00", "mov", mem({ base: rax, size: 4 }), 5],
    ["40 88 30", "mov", mem({ base: rax }), r8(6)],
    ["48 8d 44 8f fc", "lea", rax, mem({ base: rdi, index: rcx, scale: 4, disp: -4 })],
    ["48 83 c0 40", "add", rax, 64],
    ["48 81 c0 80 00 00 00", "add", rax, 128],
    ["48 63 c1", "movsxd", rax, r32(1)],
    ["0f b6 45 00", "movzx", r32(0), mem({ base: rbp, size: 1 })],
    ["41 0f 94 c0", "sete", r8(8)],
    ["0f 4c c1", "cmovl", r32(0), r32(1)],
    ["f0 0f c1 07", "lock xadd", mem({ base: rdi }), r32(0)],
    ["f0 48 ff 07", "lock inc", mem({ base: rdi, size: 8 })],
    ["c4 e2 71 f7 c2", "shlx", r32(0), r32(2), r32(1)],
    ["f3 0f bd c1", "lzcnt", r32(0), r32(1)],
    ["41 ff d3", "call", r64(11)],
    ["0f ae 54 24 04", "ldmxcsr", mem({ base: rsp, disp: 4 })],
    ["0f 01 d0", "xgetbv"],
    ["0f 05", "syscall"],
    ["f3 90", "pause"],
  ])("%s: %s", (expected, mnemonic, ...operands) => expect(one(mnemonic, ...operands)).toBe(expected));
});

describe("vector instructions", () => {
  it.each<[string, Mnemonic, ...Operand[]]>([
    ["c5 fc 58 c1", "vaddps", ymm(0), ymm(0), ymm(1)],
    ["c4 c1 74 58 c0", "vaddps", ymm(0), ymm(1), ymm(8)],
    ["62 f1 7c 48 58 c1", "vaddps", zmm(0), zmm(0), zmm(1)],
    ["62 81 7c 20 58 c1", "vaddps", ymm(16), ymm(16), ymm(25)],
    ["62 f2 75 58 b8 40 01", "vfmadd231ps", zmm(0), zmm(1), mem({ base: rax, disp: 4, broadcast: 4 })],
    ["62 f1 7c 48 10 40 02", "vmovups", zmm(0), mem({ base: rax, disp: 128 })],
    ["62 f1 7c 48 10 80 04 00 00 00", "vmovups", zmm(0), mem({ base: rax, disp: 4 })],
    ["62 f1 7c c9 10 07", "vmovups", masked(zmm(0), k(1), "zeroing"), mem({ base: rdi })],
    ["62 f1 7c 4a 11 07", "vmovups", masked(mem({ base: rdi }), k(2)), zmm(0)],
    ["62 f1 74 48 c2 ca 01", "vcmpps", k(1), zmm(1), zmm(2), 1],
    ["c4 e3 6d 4a c1 40", "vblendvps", ymm(0), ymm(2), ymm(1), ymm(4)],
    ["c5 f8 92 c8", "kmovw", k(1), r32(0)],
    ["c5 ec 46 d9", "kxnorw", k(3), k(2), k(1)],
    ["c4 e2 7d 18 00", "vbroadcastss", ymm(0), mem({ base: rax })],
    ["c4 e1 f9 6e c0", "vmovq", xmm(0), rax],
    ["c5 f8 77", "vzeroupper"],
  ])("%s: %s", (expected, mnemonic, ...operands) => expect(one(mnemonic, ...operands)).toBe(expected));
});

describe("labels", () => {
  it("are reached by one byte where they are near and behind, by four otherwise", () => {
    expect(
      bytes((asm) => {
        const top = asm.label();
        asm.bind(top);
        asm.emit("nop");
        asm.emit("jne", top);
        const end = asm.label();
        asm.emit("jmp", end);
        asm.emit("nop");
        asm.bind(end);
        asm.emit("ret");
      }),
    ).toBe("90 75 fd e9 01 00 00 00 90 c3");
    expect(
      bytes((asm) => {
        const top = asm.label();
        asm.bind(top);
        for (let i = 0; i < 127; i++) asm.emit("nop");
        asm.emit("jl", top);
      }).slice(-17),
    ).toBe("0f 8c 7b ff ff ff");
  });

  it("that are short are reached by one byte from before, and not from too far", () => {
    const code = (distance: number) => (asm: Assembler) => {
      const end = asm.label({ short: true });
      asm.emit("je", end);
      for (let i = 0; i < distance; i++) asm.emit("nop");
      asm.bind(end);
    };
    expect(bytes(code(1))).toBe("74 01 90");
    expect(() => bytes(code(128))).toThrow(InternalError);
  });

  it("address data after the code, counted from the end of the instruction", () => {
    expect(
      bytes((asm) => {
        const data = asm.label();
        asm.emit("vcmpps", ymm(0), ymm(1), mem({ label: data, disp: 4 }), 1);
        asm.bind(data);
        asm.int32(0x01020304);
      }),
    ).toBe("c5 f4 c2 05 04 00 00 00 01 04 03 02 01");
  });

  it("must be bound once", () => {
    const asm = new Assembler();
    const label = asm.label();
    asm.emit("jmp", label);
    expect(() => asm.finish()).toThrow("never bound");
    asm.bind(label);
    expect(() => asm.bind(label)).toThrow("bound twice");
  });
});

describe("what no encoding says", () => {
  it.each<[string, Mnemonic, ...Operand[]]>([
    ["operands of different lengths", "vaddps", ymm(0), ymm(1), xmm(2)],
    ["a high register without EVEX", "vblendvps", ymm(0), ymm(17), ymm(1), ymm(2)],
    ["a mask without EVEX", "vpand", masked(ymm(0), k(1)), ymm(1), ymm(2)],
    ["a mask k0", "vaddps", masked(zmm(0), k(0)), zmm(1), zmm(2)],
    ["a store that zeroes", "vmovups", masked(mem({ base: rax }), k(1), "zeroing"), zmm(0)],
    ["a broadcast of the wrong width", "vaddps", zmm(0), zmm(1), mem({ base: rax, broadcast: 8 })],
    ["a broadcast where there is none", "vmovups", zmm(0), mem({ base: rax, broadcast: 4 })],
    ["memory of unknown size", "inc", mem({ base: rax })],
    ["rsp as an index", "mov", rax, mem({ base: rax, index: rsp })],
    ["an immediate out of range", "add", rax, 0x100000000],
    ["a byte out of range", "vpslld", ymm(0), ymm(1), 256],
    ["two memory operands", "mov", mem({ base: rdx, size: 4 }), mem({ base: rax, size: 4 })],
  ])("is refused: %s", (_, mnemonic, ...operands) => {
    expect(() => one(mnemonic, ...operands)).toThrow(InternalError);
  });
});
