import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it, vi } from "vitest";
import { whereNative } from "../../../testing/native-instruction-sets.ts";
import { openHost } from "./host.ts";
import { Mappings } from "./mappings.ts";
import { NativeMemory } from "./native-memory.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Lets the collector take what nobody holds, and its callbacks run. */
async function collected(): Promise<void> {
  for (let i = 0; i < 2; i++) {
    collect();
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

whereNative("held buffers", () => {
  const bytes = 2 ** 18;
  const setUp = (): NativeMemory => new NativeMemory(new Mappings(openHost().system));

  describe("HeldBuffers", () => {
    it("give memory out again when its buffer was collected, and never while a view of it is held", async () => {
      const memory = setUp();
      const kept: Float32Array[] = [];
      for (let i = 0; i < 40; i++) {
        const view = new Float32Array(memory.heldBuffer(bytes)!);
        view.fill(i);
        if (i % 4 === 0) kept.push(view.subarray(100, 200));
      }
      const most = memory.bytesInUse;
      expect(most).toBe(40 * bytes);
      await collected();
      for (let i = 0; i < 20; i++) new Float32Array(memory.heldBuffer(bytes)!).fill(-1);
      expect(memory.bytesInUse).toBe(most);
      kept.forEach((view, i) => {
        expect(view.every((value) => value === 4 * i)).toBe(true);
      });
    });

    it("are none for small sizes, nor beyond a bound", () => {
      const memory = setUp();
      expect(memory.heldBuffer(1000)).toBeUndefined();
      const large = 2 ** 26;
      const held = Array.from({ length: 6 }, () => memory.heldBuffer(large));
      expect(held.map((buffer) => buffer?.byteLength)).toEqual([large, large, large, large, undefined, undefined]);
    });

    it("make room for other sizes, and go back to the system when nobody asks for any", async () => {
      vi.useFakeTimers({ toFake: ["setTimeout"] });
      try {
        const memory = setUp();
        for (let i = 0; i < 4; i++) memory.heldBuffer(2 ** 26);
        await collected();
        expect(memory.heldBuffer(2 ** 25)?.byteLength).toBe(2 ** 25);
        expect(memory.bytesInUse).toBe(2 ** 25);
        await collected();
        expect(memory.bytesInUse).toBe(2 ** 25);
        vi.advanceTimersByTime(10_000);
        expect(memory.bytesInUse).toBe(0);
      } finally {
        vi.useRealTimers();
      }
    });

    it("cannot be moved to another thread, where this one's collector would not see them", () => {
      const buffer = setUp().heldBuffer(bytes)!;
      let moved: ArrayBuffer | undefined;
      try {
        moved = structuredClone(buffer, { transfer: [buffer] });
      } catch (error) {
        expect((error as Error).name).toBe("DataCloneError");
      }
      expect(buffer.byteLength).toBe(bytes);
      if (moved !== undefined) {
        new Uint8Array(moved)[0] = 7;
        new Uint8Array(buffer)[0] = 1;
        expect(new Uint8Array(moved)[0]).toBe(7);
      }
    });
  });
});
