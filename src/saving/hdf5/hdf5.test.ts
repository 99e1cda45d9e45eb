import type { Dataset, File, Group } from "h5wasm";
import { describe, expect, it } from "vitest";
import { groupAt, groupContent, H5Group, openHdf5, putArray, writeHdf5 } from "./index.ts";

const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const joined = (root: ReturnType<typeof groupContent>): Uint8Array => new Uint8Array(Buffer.concat(writeHdf5(root)));

/** h5wasm's reading of a file: an oracle that shares no code. */
async function withH5wasm<T>(bytes: Uint8Array, read: (file: File) => T): Promise<T> {
  const { default: h5wasm, FS } = await import("h5wasm").then(async (module) => {
    await module.ready;
    return module;
  });
  FS!.writeFile("oracle.h5", bytes);
  const file = new h5wasm.File("oracle.h5", "r");
  try {
    return read(file);
  } finally {
    file.close();
    FS!.unlink("oracle.h5");
  }
}

describe("HDF5", () => {
  it("what is written is what the HDF5 library reads, thousands of members too", async () => {
    const root = groupContent();
    root.attributes.set("text", "wörld");
    root.attributes.set("names", ["a", "bb", ""]);
    root.attributes.set("fixed", { fixed: ["abc", "d"] });
    root.attributes.set("none", { dtype: "float64", shape: [0], bytes: new Uint8Array(0) });
    for (let i = 0; i < 1000; i++) putArray(root, `many/${i}`, { dtype: "float32", shape: [2], bytes: floats(i, -i) });
    putArray(root, "scalar", { dtype: "int64", shape: [], bytes: new Uint8Array(BigInt64Array.of(5n).buffer) });
    putArray(root, "flags", { dtype: "bool", shape: [2], bytes: Uint8Array.of(1, 0) });
    putArray(root, "nothing", { dtype: "float64", shape: [0, 3], bytes: new Uint8Array(0) });
    groupAt(root, "empty/inner");
    const bytes = joined(root);
    const seen = await withH5wasm(bytes, (file) => {
      const value = (path: string): unknown => (file.get(path) as Dataset).value;
      return {
        keys: file.keys(),
        text: file.attrs["text"]!.value,
        names: file.attrs["names"]!.value,
        fixed: file.attrs["fixed"]!.value,
        none: file.attrs["none"]!.shape,
        count: (file.get("many") as Group).keys().length,
        firsts: [0, 7, 8, 255, 256, 999].map((i) => (value(`many/${i}`) as Float32Array)[0]),
        scalar: value("scalar"),
        nothing: (file.get("nothing") as Dataset).shape,
        inner: (file.get("empty") as Group).keys(),
      };
    });
    expect(seen).toEqual({
      keys: ["empty", "flags", "many", "nothing", "scalar"],
      text: "wörld",
      names: ["a", "bb", ""],
      fixed: ["abc", "d"],
      none: [0],
      count: 1000,
      firsts: [0, 7, 8, 255, 256, 999],
      scalar: 5n,
      nothing: [0, 3],
      inner: ["inner"],
    });
    const own = openHdf5(bytes);
    expect(own.attribute("names")).toEqual(["a", "bb", ""]);
    expect(own.group("many")!.names()).toHaveLength(1000);
    expect([...own.dataset("many/999")!.bytes()]).toEqual([...floats(999, -999)]);
    expect(own.dataset("flags")!.dtype).toBe("bool");
    expect(own.get("empty/inner")).toBeInstanceOf(H5Group);
    expect(own.get("many/999/deeper")).toBeUndefined();
  });

  it("keeps bfloat16 as Keras does: opaque bytes, and an attribute that says what they are", async () => {
    const root = groupContent();
    const array = { dtype: "bfloat16", shape: [2], bytes: Uint8Array.of(0x80, 0x3f, 0xc0, 0xbf) } as const;
    putArray(root, "layers/kernel", array);
    putArray(root, "twice", array);
    const bytes = joined(root);
    const seen = await withH5wasm(bytes, (file) => {
      const dataset = file.get("layers/kernel") as Dataset;
      const { type, size } = dataset.metadata;
      return [type, size, dataset.shape, dataset.attrs["dtype"]!.value];
    });
    expect(seen).toEqual([5, 2, [2], "bfloat16"]);
    const read = openHdf5(bytes).dataset("layers/kernel");
    expect([read!.dtype, [...read!.bytes()]]).toEqual(["bfloat16", [...array.bytes]]);
    // Opaque bytes without the attribute could be anything.
    const text = new TextEncoder().encode("bfloat16");
    const at = Buffer.from(bytes).indexOf(Buffer.from(text));
    expect(() => openHdf5(bytes.with(at, 0x63)).dataset("layers/kernel")).toThrow(/opaque data/);
  });

  it("reads what the HDF5 library writes: chunks, deflate, texts, attributes", async () => {
    const { default: h5wasm, FS, ready } = await import("h5wasm");
    await ready;
    const values = Float32Array.from({ length: 35 }, (_, i) => i / 3);
    const file = new h5wasm.File("made.h5", "w");
    file.create_dataset({ name: "plain", data: values, shape: [5, 7] });
    file.create_dataset({ name: "packed", data: values, shape: [5, 7], chunks: [2, 3], compression: "gzip", compression_opts: [4] });
    file.create_dataset({ name: "texts", data: ["x", "yy"], shape: [2], dtype: "S4" });
    file.create_attribute("title", "hello");
    file.create_group("g").create_dataset({ name: "i", data: Int32Array.of(-1, 2), shape: [2] });
    file.close();
    const bytes = FS!.readFile("made.h5", { encoding: "binary" });
    FS!.unlink("made.h5");
    const root = openHdf5(bytes);
    const read = (path: string): number[] => [...new Float32Array(root.dataset(path)!.bytes().slice().buffer)];
    for (const name of ["plain", "packed"]) expect(read(name)).toEqual([...values]);
    expect(root.dataset("texts")!.texts()).toEqual(["x", "yy"]);
    expect(root.attribute("title")).toBe("hello");
    expect(root.dataset("g/i")!.dtype).toBe("int32");
  });

  it("is not led out of the file, or round in circles", () => {
    const root = groupContent();
    putArray(root, "a/b", { dtype: "float32", shape: [2], bytes: floats(1, 2) });
    const bytes = joined(root);
    const broken = (change: (copy: Uint8Array, view: DataView) => void): (() => unknown) => {
      const copy = bytes.slice();
      change(copy, new DataView(copy.buffer));
      return () => openHdf5(copy).dataset("a/b")!.bytes();
    };
    expect([...openHdf5(bytes).dataset("a/b")!.bytes()]).toEqual([...floats(1, 2)]);
    expect(broken((_, view) => view.setUint32(64, 0x7fffffff, true))).toThrow("points outside itself");
    expect(broken((copy) => copy.fill(0, 0, 8))).toThrow("no HDF5 file");
    expect(broken((_, view) => view.setUint32(40, 2 ** 31, true))).toThrow("truncated");
    const text = new TextDecoder("latin1").decode(bytes);
    // The only child of the first index is the index itself.
    const tree = text.indexOf("TREE");
    expect(
      broken((_, view) => {
        for (let at = tree; at >= 0; at = text.indexOf("TREE", at + 1)) view.setBigUint64(at + 32, BigInt(at), true);
      }),
    ).toThrow("in a circle");
  });
});
