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

  it("fields of 8 bytes are written where sizes or places need them, and read by others and here", () => {
    const entries = [
      { name: "a.txt", parts: [text("he"), text("llo")] },
      { name: "b.txt", parts: [text("y".repeat(5000))], deflate: true },
    ];
    const plain = Buffer.concat(writeZip(entries));
    const wide = Buffer.concat(writeZip(entries, { zip64From: 0 }));
    // Two fields of 20 bytes in front of the entries, of 28 in the directory (of 20 where the place is 0), and its end of 76.
    expect(wide.length - plain.length).toBe(20 + 20 + 28 + 28 + 76);
    for (const bytes of [plain, wide, Buffer.concat(writeZip(entries, { zip64From: 100 }))]) {
      const archive = new ZipArchive(bytes, "m");
      expect(archive.names).toEqual(["a.txt", "b.txt"]);
      expect(new TextDecoder().decode(archive.read("a.txt"))).toBe("hello");
      expect(archive.read("b.txt")!.length).toBe(5000);
      expect(new TextDecoder().decode(unzipSync(bytes)["a.txt"])).toBe("hello");
    }
    // An address of the directory's end that is none.
    const wild = Buffer.from(wide);
    wild.writeBigUInt64LE(2n ** 60n, wild.length - 22 - 20 + 8);
    expect(() => new ZipArchive(wild, "m")).toThrow("truncated or damaged");
    const far = Buffer.from(wide);
    far.writeBigUInt64LE(2n ** 62n, wide.indexOf(text("b.txt"), wide.length - 250) + 5 + 4 + 16);
    expect(() => new ZipArchive(far, "m").read("b.txt")).toThrow("truncated or damaged");
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
    const lying = Buffer.from(bomb);
    lying.writeUInt32LE(0xf0000000, lying.indexOf(Buffer.of(0x50, 0x4b, 1, 2)) + 24);
    expect(() => new ZipArchive(lying, "m").read("a")).toThrow("claims to hold more");
  });
});
