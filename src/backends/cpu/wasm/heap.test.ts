import { describe, expect, it } from "vitest";
import { BackendError } from "../../../errors.ts";
import { reservedBytes } from "./memory-bounds.ts";
import { Heap } from "./heap.ts";

describe("Heap", () => {
  it("gives aligned places above the reserved bytes that do not overlap", () => {
    const heap = new Heap(false);
    const places = [1, 64, 65, 1000].map((bytes) => heap.allocate(bytes, "a test"));
    expect(places).toEqual([reservedBytes, reservedBytes + 64, reservedBytes + 128, reservedBytes + 256]);
    expect(heap.bytesInUse).toBe(64 + 64 + 128 + 1024);
  });

  it("gives freed bytes out again, joined with their neighbours", () => {
    const heap = new Heap(false);
    const [a, b, c, d] = [100, 100, 100, 100].map((bytes) => heap.allocate(bytes, "a test")) as [number, number, number, number];
    heap.release(a);
    heap.release(c);
    heap.release(b);
    expect(heap.allocate(384, "a test")).toBe(a);
    heap.release(a);
    heap.release(d);
    expect(heap.bytesInUse).toBe(0);
    expect(heap.allocate(10_000, "a test")).toBe(a);
  });

  it("keeps values when it grows, and renews its views", () => {
    for (const isShared of [false, true]) {
      const heap = new Heap(isShared);
      const place = heap.allocate(16, "a test");
      heap.write("float32", place, Float32Array.of(1, 2, 3));
      const { version } = heap;
      heap.allocate(20 * 2 ** 20, "a test");
      expect(heap.version).toBeGreaterThan(version);
      expect(heap.u8.length).toBe(heap.memory.buffer.byteLength);
      expect(heap.read("float32", place, 3)).toEqual(Float32Array.of(1, 2, 3));
      expect(heap.read("float32", place, 3).buffer).toBeInstanceOf(ArrayBuffer);
    }
  });

  it("refuses what does not fit, naming it, and stays usable", () => {
    const heap = new Heap(false, 4 * 2 ** 20);
    expect(() => heap.allocate(8 * 2 ** 20, "the memory of a program")).toThrow(BackendError);
    expect(() => heap.allocate(8 * 2 ** 20, "the memory of a program")).toThrow(/memory of a program.*\n.*3\.0 MiB/);
    const place = heap.allocate(2 ** 20, "a test");
    heap.release(place);
    expect(heap.bytesInUse).toBe(0);
  });

  it("finds places beyond 2 GiB", () => {
    const heap = new Heap(false);
    heap.allocate(2 ** 31, "a test");
    const place = heap.allocate(64, "a test");
    expect(place).toBeGreaterThanOrEqual(2 ** 31);
    heap.write("int32", place, Int32Array.of(7));
    expect(heap.read("int32", place, 1)).toEqual(Int32Array.of(7));
  });
});
