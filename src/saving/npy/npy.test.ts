import { readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { StringTensor } from "../../index.ts";
import { errors, type Tensor, tensor } from "../../index.ts";
import { readMutations } from "../../testing/mutate-bytes.ts";
import { decodeNpy, encodeNpyFile, encodeNpz, loadNpy, loadNpz, saveNpy, saveNpz } from "./index.ts";

const { NablaError } = errors;

interface Recorded {
  npy: Record<string, { file: string; shape: number[]; values: (number | string)[] }>;
  npz: string;
  npzCompressed: string;
  refused: Record<string, string>;
}
const recorded = JSON.parse(readFileSync(new URL("../../../test/fixtures/npy/numpy.json", import.meta.url), "utf8")) as Recorded;
const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));

describe("npy", () => {
  it.each(Object.entries(recorded.npy))("reads NumPy's %s", async (_name, { file, shape, values }) => {
    const array = decodeNpy(bytesOf(file));
    expect(array.shape).toEqual(shape);
    expect([...(await array.data())].map((value) => (typeof value === "string" ? value : Object.is(value, -0) ? 0 : value))).toEqual(
      values.map((value) => (value === 0 ? 0 : value)),
    );
  });

  it.each(Object.entries(recorded.refused))("refuses %s and says why", (_name, file) => {
    expect(() => decodeNpy(bytesOf(file))).toThrow(NablaError);
  });

  it("never reads pickled objects", () => {
    expect(() => decodeNpy(bytesOf(recorded.refused["object"]!))).toThrow(/nothing from a file is executed/);
  });

  it("reads what it wrote, for every dtype", async () => {
    const folder = await mkdtemp(join(tmpdir(), "nabla-npy-"));
    for (const dtype of ["float32", "float64", "int32", "uint8", "bool"] as const) {
      const array = tensor(
        [
          [0, 1, 1],
          [1, 0, 0],
        ],
        { dtype },
      );
      await saveNpy(join(folder, "x.npy"), array);
      const back = (await loadNpy(join(folder, "x.npy"))) as Tensor;
      expect([back.dtype, back.shape, await back.array()]).toEqual([dtype, [2, 3], await array.array()]);
    }
    const texts = (await loadNpy(await encodeNpyFile([["∇", "abc"]]))) as StringTensor;
    expect(await texts.array()).toEqual([["∇", "abc"]]);
  });

  it("stores floats in two bytes where asked to", async () => {
    const bytes = await encodeNpyFile([1, 0.1, 70000, 1e-7, -1.5 * 2 ** -25], { float16: true });
    expect(new TextDecoder("latin1").decode(bytes.subarray(10, 60))).toContain("'<f2'");
    expect([...(await decodeNpy(bytes).data())]).toEqual([1, 0.0999755859375, Infinity, 2 ** -23, -(2 ** -24)]);
  });

  it("keeps tensors of float16 what they are; bfloat16, which NumPy lacks, as float32", async () => {
    const values = [1, -0.333251953125, 65504];
    const half = await encodeNpyFile(tensor(values, { dtype: "float16" }));
    expect(new TextDecoder("latin1").decode(half.subarray(10, 60))).toContain("'<f2'");
    const read = decodeNpy(half) as Tensor;
    expect([read.dtype, await read.array()]).toEqual(["float16", values]);
    const other = decodeNpy(await encodeNpyFile(tensor([1 + 2 ** -7], { dtype: "bfloat16" }))) as Tensor;
    expect([other.dtype, await other.array()]).toEqual(["float32", [1 + 2 ** -7]]);
  });

  it("writes what NumPy writes, byte for byte", async () => {
    const { file } = recorded.npy["<f4"]!;
    const ours = await encodeNpyFile(decodeNpy(bytesOf(file)));
    expect(Buffer.from(ours).equals(Buffer.from(file, "base64"))).toBe(true);
  });

  it("names what is wrong with a file that was cut off", () => {
    expect(() => decodeNpy(bytesOf(recorded.npy["<f4"]!.file).subarray(0, 150))).toThrow(/ends before the elements/);
    expect(() => decodeNpy(new Uint8Array(20))).toThrow(/no .npy file/);
  });

  it("finds a clear error or a reading in 300 mutations", async () => {
    const files = Object.values(recorded.npy).map(({ file }) => bytesOf(file));
    const outcome = await readMutations(
      files,
      300,
      (bytes) => decodeNpy(bytes),
      (error) => error instanceof NablaError,
      { focus: 128 },
    );
    expect(outcome.surprises).toEqual([]);
    expect(outcome.refused).toBeGreaterThan(100);
  });
});

describe("npz", () => {
  it("reads NumPy's archives, packed and not", async () => {
    const { x, y } = await loadNpz(bytesOf(recorded.npz));
    expect([x!.shape, await y!.array()]).toEqual([
      [2, 3, 4],
      ["a", "bc"],
    ]);
    const packed = await loadNpz(bytesOf(recorded.npzCompressed));
    expect((await packed["y"]!.data())[999]).toBe(999);
  });

  it("reads what NumPy wrote to a stream, whose sizes stand in zip64 fields and behind the entries", async () => {
    // np.savez(stream, x=np.arange(6, dtype="f4")), the stream one that cannot seek.
    const streamed = "UEsDBC0ACAAAAAAAIQAAAAAA//////////8FABQAeC5ucHkBABAAAAAAAAAAAAAAAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxmNCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICg2LCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAAAAAAAgD8AAABAAABAQAAAgEAAAKBAUEsHCPnlV5SYAAAAAAAAAJgAAAAAAAAAUEsBAi0DLQAIAAAAAAAhAPnlV5SYAAAAmAAAAAUAAAAAAAAAAAAAAIABAAAAAHgubnB5UEsFBgAAAAABAAEAMwAAAOcAAAAAAA=="; // prettier-ignore
    expect(await (await loadNpz(bytesOf(streamed)))["x"]!.array()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("reads what it wrote", async () => {
    const folder = await mkdtemp(join(tmpdir(), "nabla-npz-"));
    for (const compressed of [false, true]) {
      await saveNpz(join(folder, "a.npz"), { x: tensor([1, 2, 3]), "layer/kernel": [[1, 2]], names: ["a"] }, { compressed });
      const back = await loadNpz(join(folder, "a.npz"));
      expect(Object.keys(back).sort()).toEqual(["layer/kernel", "names", "x"]);
      expect(await back["layer/kernel"]!.array()).toEqual([[1, 2]]);
    }
    await expect(encodeNpz({ "../x": [1] })).rejects.toThrow(/cannot have this name/);
  });

  it("refuses an archive that claims to hold more than it can", async () => {
    const bytes = await encodeNpz({ x: new Float32Array(1000) }, { compressed: true });
    const view = new DataView(bytes.buffer);
    for (let at = 0; at + 30 < bytes.length; at++) {
      if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 0xf0000000, true);
      if (view.getUint32(at, true) === 0x04034b50) view.setUint32(at + 22, 0xf0000000, true);
    }
    await expect(loadNpz(bytes)).rejects.toThrow(/claims to hold more/);
  });

  it("finds a clear error or a reading in 200 mutations", async () => {
    const files = [bytesOf(recorded.npz), bytesOf(recorded.npzCompressed)];
    const outcome = await readMutations(
      files,
      200,
      (bytes) => loadNpz(bytes),
      (error) => error instanceof NablaError,
    );
    expect(outcome.surprises).toEqual([]);
    expect(outcome.refused).toBeGreaterThan(50);
  });
});
