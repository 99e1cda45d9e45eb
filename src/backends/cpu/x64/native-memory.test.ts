import { describe, expect, it } from "vitest";
import { BackendError } from "../../../errors.ts";
import { whereNative } from "../../../testing/native-instruction-sets.ts";
import { openHost } from "./host.ts";
import { Mappings } from "./mappings.ts";
import { NativeMemory } from "./native-memory.ts";

whereNative("native memory", () => {
  const setUp = (): { mappings: Mappings; memory: NativeMemory } => {
    const mappings = new Mappings(openHost().system);
    return { mappings, memory: new NativeMemory(mappings) };
  };

  describe("NativeMemory", () => {
    it("gives aligned blocks that do not overlap, and their bytes back", () => {
      const { memory } = setUp();
      const blocks = [1, 64, 65, 1000, 3 * 2 ** 20].map((bytes) => memory.block(bytes, "a test"));
      const sizes = [64, 64, 128, 1024, 3 * 2 ** 20];
      for (const { address } of blocks) expect(address % 64).toBe(0);
      const sorted = blocks.map(({ address }, i) => [address, address + sizes[i]!] as const).sort((a, b) => a[0] - b[0]);
      for (let i = 1; i < sorted.length; i++) expect(sorted[i]![0]).toBeGreaterThanOrEqual(sorted[i - 1]![1]);
      expect(memory.bytesInUse).toBe(sizes.reduce((a, b) => a + b));
      for (const block of [2, 0, 4, 1, 3]) blocks[block]!.release();
      expect(memory.bytesInUse).toBe(0);
      expect(() => blocks[0]!.release()).toThrow(/E_INTERNAL/);
    });

    it("joins what is freed, so that it can be given out whole", () => {
      const { memory, mappings } = setUp();
      const size = 512 * 2 ** 10;
      const blocks = Array.from({ length: 8 }, () => memory.block(size, "a test"));
      const held = mappings.bytes;
      for (const i of [1, 3, 2, 0]) blocks[i]!.release();
      const whole = memory.block(2 ** 20 - 64, "a test");
      const another = memory.block(2 ** 20 - 64, "a test");
      expect(mappings.bytes).toBe(held);
      expect(Math.min(whole.address, another.address)).toBe(blocks[0]!.address);
    });

    it("returns large blocks to the system, and gives no view of them any more", () => {
      const { memory, mappings } = setUp();
      const held = mappings.bytes;
      const block = memory.block(8 * 2 ** 20, "a test");
      expect(mappings.bytes).toBe(held + 8 * 2 ** 20);
      const view = memory.view("float32", block.address + 64, 100);
      view.fill(1.5);
      expect(memory.view("float32", block.address + 64 + 396, 1)[0]).toBe(1.5);
      block.release();
      expect(mappings.bytes).toBe(held);
      expect(() => memory.view("float32", block.address, 1)).toThrow(/E_INTERNAL/);
    });

    it("holds blocks of more than 4 GiB, with views of tensors anywhere in them", () => {
      const { memory, mappings } = setUp();
      const held = mappings.bytes;
      // Pages are there once they are touched.
      const block = memory.block(5 * 2 ** 30, "a test");
      const end = 5 * 2 ** 30 - 64;
      block.setInt32(2 ** 32 - 4, 7);
      block.setPointer(2 ** 32, 2 ** 33 + 5);
      block.setFloat64(end, 0.5);
      block.setFloat32(end + 8, 0.25);
      expect([...memory.view("int32", block.address + 2 ** 32 - 4, 3)]).toEqual([7, 5, 2]);
      expect([...memory.view("float64", block.address + end, 1), ...memory.view("float32", block.address + end + 8, 1)]).toEqual([
        0.5, 0.25,
      ]);
      expect(memory.byteAt(block.address + 2 ** 32)).toBe(5);
      expect(block.getInt32(2 ** 32 + 4)).toBe(2);
      block.release();
      expect(mappings.bytes).toBe(held);
    });

    it("returns a pool that nothing uses while another one remains", () => {
      const { memory, mappings } = setUp();
      const size = 900 * 2 ** 10;
      const first = Array.from({ length: 4 }, () => memory.block(size, "a test"));
      const held = mappings.bytes;
      const second = Array.from({ length: 4 }, () => memory.block(size, "a test"));
      expect(mappings.bytes).toBeGreaterThan(held);
      for (const block of first) block.release();
      expect(mappings.bytes).toBe(held);
      second[3]!.setInt32(0, 7);
      expect(second[3]!.getInt32(0)).toBe(7);
    });

    it("writes pointers, negative 64-bit values and floats where generated code reads them", () => {
      const { memory } = setUp();
      const block = memory.block(64, "a test");
      block.setPointer(8, 0x7f12_3456_7890);
      block.setPointer(16, -4);
      block.setFloat32(24, 1.5);
      block.setFloat64(32, -2.5);
      const words = memory.view("int32", block.address, 16);
      expect([words[2]! >>> 0, words[3]]).toEqual([0x3456_7890, 0x7f12]);
      expect([words[4], words[5]]).toEqual([-4, -1]);
      expect(memory.view("float32", block.address + 24, 1)[0]).toBe(1.5);
      expect(memory.view("float64", block.address + 32, 1)[0]).toBe(-2.5);
      block.setInt32(0, 0x0102);
      expect([memory.byteAt(block.address), memory.byteAt(block.address + 1)]).toEqual([2, 1]);
    });

    it("says what does not fit", () => {
      const { memory } = setUp();
      expect(() => memory.block(2 ** 46, "the memory of a program")).toThrow(BackendError);
      expect(() => memory.block(2 ** 46, "the memory of a program")).toThrow("the memory of a program");
      expect(memory.bytesInUse).toBe(0);
    });
  });
});
