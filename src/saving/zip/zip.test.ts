import { describe, expect, it } from "vitest";
import { crc32 as nodeCrc, deflateRawSync } from "node:zlib";
import { unzipSync, zipSync } from "fflate";
import { crc32, inflateBounded, writeZip, ZipArchive } from "./index.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("zip archives", () => {
  it("the checksum is zlib's, at every alignment and in pieces", () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7919) & 255);
    for (const [from, to] of [
      [0, 1000],
      [1, 999],
      [3, 10],
      [5, 5],
      [2, 300],
    ] as const) {
      const part = bytes.subarray(from, to);
      expect(crc32(part)).toBe(nodeCrc(part));
      expect(crc32(part.subarray(part.length >> 1), crc32(part.subarray(0, part.length >> 1)))).toBe(nodeCrc(part));
    }
  });

  it("what is written is what others read, and the other way round", () => {
    const archive = Buffer.concat(
      writeZip([
        { name: "a/ü.txt", parts: [text("he"), text("llo")] },
        { name: "b", parts: [] },
      ]),
    );
    const read = unzipSync(archive);
    expect(Object.keys(read)).toEqual(["a/ü.txt", "b"]);
    expect(new TextDecoder().decode(read["a/ü.txt"])).toBe("hello");
    const packed = new ZipArchive(zipSync({ "x.txt": text("y".repeat(5000)), "dir/": new Uint8Array(0) }, { level: 9 }), "m");
    expect(packed.names).toEqual(["x.txt"]);
    expect(new TextDecoder().decode(packed.read("x.txt"))).toBe("y".repeat(5000));
    expect(packed.read("z")).toBeUndefined();
  });

  it("stored entries are views of the archive", () => {
    const archive = new Uint8Array(Buffer.concat(writeZip([{ name: "a", parts: [text("hello")] }])));
    expect(new ZipArchive(archive, "m").read("a")!.buffer).toBe(archive.buffer);
  });

  it("bombs, wrong checksums, doubled names and cuts are refused", () => {
    const zeros = deflateRawSync(new Uint8Array(10_000_000));
    expect(() => inflateBounded("m", zeros, 1000)).toThrow("longer than it says");
    expect(() => inflateBounded("m", zeros.subarray(0, 50), 1e8)).toThrow("damaged");
    const archive = Buffer.concat(
      writeZip([
        { name: "a", parts: [text("hello")] },
        { name: "b", parts: [text("x")] },
      ]),
    );
    const changed = (change: (copy: Buffer) => void): ZipArchive => {
      const copy = Buffer.from(archive);
      change(copy);
      return new ZipArchive(copy, "m.keras");
    };
    expect(() => changed((copy) => copy.write("HELLO", copy.indexOf("hello"))).read("a")).toThrow("the checksum");
    expect(() => changed((copy) => copy.write("a", copy.lastIndexOf("b")))).toThrow("twice");
    expect(() => new ZipArchive(archive.subarray(0, archive.length - 10), "m")).toThrow("its end is missing");
    expect(() => new ZipArchive(archive.subarray(40), "m")).toThrow("truncated or damaged");
    const bomb = zipSync({ a: new Uint8Array(10_000_000) }, { level: 9 });
    expect(() => new ZipArchive(bomb, "m").read("a", 1000)).toThrow("too large");
  });
});
