import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { errors, layers, Sequential, type Tensor, tensor } from "../../index.ts";
import { readMutations } from "../../testing/mutate-bytes.ts";
import { decodeSafetensors, encodeSafetensors, loadSafetensors, saveSafetensors } from "./index.ts";

const { NablaError } = errors;

function file(header: unknown, data: Uint8Array = new Uint8Array(0), length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const values = async (t: Tensor | undefined): Promise<number[]> => [...(await t!.data())];

describe("safetensors", () => {
  it("reads every element type", async () => {
    const view = new DataView(new ArrayBuffer(64));
    const cases: [string, number, (at: number) => void, number][] = [
      ["BOOL", 1, (at) => view.setUint8(at, 1), 1],
      ["U8", 1, (at) => view.setUint8(at, 200), 200],
      ["I8", 1, (at) => view.setInt8(at, -3), -3],
      ["U16", 2, (at) => view.setUint16(at, 60000, true), 60000],
      ["I16", 2, (at) => view.setInt16(at, -300, true), -300],
      ["U32", 4, (at) => view.setUint32(at, 7, true), 7],
      ["I32", 4, (at) => view.setInt32(at, -70000, true), -70000],
      ["U64", 8, (at) => view.setBigUint64(at, 9n, true), 9],
      ["I64", 8, (at) => view.setBigInt64(at, -9n, true), -9],
      ["F8_E4M3", 1, (at) => view.setUint8(at, 0x7e), 448],
      ["F8_E5M2", 1, (at) => view.setUint8(at, 0xfb), -57344],
      ["F16", 2, (at) => view.setUint16(at, 0x3555, true), 0.333251953125],
      ["BF16", 2, (at) => view.setUint16(at, 0xc049, true), -3.140625],
      ["F32", 4, (at) => view.setFloat32(at, 0.5, true), 0.5],
      ["F64", 8, (at) => view.setFloat64(at, 0.1, true), 0.1],
    ];
    const header: Record<string, unknown> = {};
    let at = 0;
    for (const [dtype, bytes, write] of cases) {
      write(at);
      header[dtype] = { dtype, shape: [1], data_offsets: [at, at + bytes] };
      at += bytes;
    }
    const { tensors } = decodeSafetensors(file(header, new Uint8Array(view.buffer, 0, at)));
    for (const [dtype, , , expected] of cases) expect(await values(tensors[dtype]), dtype).toEqual([expected]);
  });

  it("reads what it wrote, aligned, with metadata", async () => {
    const folder = await mkdtemp(join(tmpdir(), "nabla-safetensors-"));
    const path = join(folder, "x.safetensors");
    await saveSafetensors(
      path,
      {
        flag: tensor([true, false, true]),
        wide: tensor([0.1], { dtype: "float64" }),
        "7": tensor([[1, 2]]),
        none: tensor([], { shape: [0, 4] }),
      },
      { metadata: { by: "nabla ∇" } },
    );
    const bytes = new Uint8Array(await readFile(path));
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const { tensors, metadata } = await loadSafetensors(path);
    expect({ ...metadata }).toEqual({ by: "nabla ∇" });
    expect(Object.keys(tensors).sort()).toEqual(["7", "flag", "none", "wide"]);
    expect(await tensors["flag"]!.array()).toEqual([true, false, true]);
    expect([await values(tensors["wide"]), tensors["none"]!.shape, await tensors["7"]!.array()]).toEqual([[0.1], [0, 4], [[1, 2]]]);
  });

  it("rounds to 16 bits where asked to, ties to even", async () => {
    const x = tensor([1 + 2 ** -8, 1 + 3 * 2 ** -8, 3.4e38, -0]);
    const bfloat16 = decodeSafetensors(await encodeSafetensors({ x, i: tensor([1], { dtype: "int32" }) }, { floats: "bfloat16" })).tensors;
    expect(await values(bfloat16["x"])).toEqual([1, 1 + 2 ** -6, Infinity, -0]);
    expect(bfloat16["i"]!.dtype).toBe("int32");
    const float16 = decodeSafetensors(
      await encodeSafetensors({ x: tensor([65519, 65520, 2 ** -25, 1 + 2 ** -11]) }, { floats: "float16" }),
    ).tensors;
    expect(await values(float16["x"])).toEqual([65504, Infinity, 0, 1]);
  });

  it("keeps the dtypes of two bytes; the weights of a model keep theirs", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "nabla-")), "short.safetensors");
    const given = { "net/half": tensor([1.5], { dtype: "float16" }), "net/brain": tensor([1 + 2 ** -7], { dtype: "bfloat16" }) };
    await saveSafetensors(path, given);
    const { tensors } = await loadSafetensors(path);
    expect(Object.entries(tensors).map(([name, { dtype }]) => [name, dtype])).toEqual([
      ["net/brain", "bfloat16"],
      ["net/half", "float16"],
    ]);
    expect([await values(tensors["net/half"]), await values(tensors["net/brain"])]).toEqual([[1.5], [1 + 2 ** -7]]);
    const model = new Sequential([layers.Dense({ units: 1, useBias: false, inputDim: 1, name: "only" })]);
    await saveSafetensors(path, { [model.weights[0]!.path]: tensor([[2.5]], { dtype: "bfloat16" }) });
    await loadSafetensors(path, { model });
    expect([model.weights[0]!.dtype, await values(model.weights[0]!.read())]).toEqual(["float32", [2.5]]);
  });

  it("carries the weights of a model by path, whatever the number in the model's name", async () => {
    const make = (): Sequential =>
      new Sequential([layers.Dense({ units: 3, name: "first", inputDim: 2 }), layers.BatchNormalization({ name: "norm" })]);
    const [from, to] = [make(), make()];
    const bytes = await encodeSafetensors(new Map(from.weights.map((weight) => [weight.path, weight])));
    await loadSafetensors(bytes, { model: to });
    expect(await Promise.all(to.weights.map((weight) => weight.array()))).toEqual(
      await Promise.all(from.weights.map((weight) => weight.array())),
    );
    const other = new Sequential([layers.Dense({ units: 3, name: "second", inputDim: 2 })]);
    await expect(loadSafetensors(bytes, { model: other })).rejects.toThrow(/second\/kernel/);
    const wide = new Sequential([layers.Dense({ units: 4, name: "first", inputDim: 2 }), layers.BatchNormalization({ name: "norm" })]);
    await expect(loadSafetensors(bytes, { model: wide })).rejects.toThrow(/does not fit the weight/);
  });

  const entry = (shape: unknown, offsets: unknown, dtype: unknown = "F32"): object => ({ dtype, shape, data_offsets: offsets });
  it.each<[string, Uint8Array, RegExp]>([
    ["a header longer than the file", file({}, new Uint8Array(4), 10_000n), /header is longer/],
    ["a header of absurd length", file({}, new Uint8Array(4), 0xffffffffffffffffn), /header is longer/],
    ["offsets outside the file", file({ x: entry([2], [0, 8]) }, new Uint8Array(4)), /outside the file/],
    ["tensors over each other", file({ x: entry([1], [0, 4]), y: entry([1], [2, 6]) }, new Uint8Array(6)), /overlap/],
    ["a gap", file({ x: entry([1], [4, 8]) }, new Uint8Array(8)), /gap/],
    ["bytes at the end", file({ x: entry([1], [0, 4]) }, new Uint8Array(8)), /follow the last/],
    [
      "a name that stands twice",
      file(`{"x":${JSON.stringify(entry([1], [0, 4]))},"x":${JSON.stringify(entry([1], [0, 4]))}}`, new Uint8Array(4)),
      /stands twice/,
    ],
    ["a shape whose product overflows", file({ x: entry([2 ** 40, 2 ** 40], [0, 4]) }, new Uint8Array(4)), /no shape/],
    ["a negative extent", file({ x: entry([-1], [0, 4]) }, new Uint8Array(4)), /no shape/],
    ["an unknown element type", file({ x: entry([1], [0, 4], "F4") }, new Uint8Array(4)), /element type/],
    ["lists in lists", file(`{"x":${"[".repeat(100000)}`), /too deep/],
    ["a header that is a list", file("[1]"), /begin with \{/],
  ])("refuses %s", (_name, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(message);
    expect(() => decodeSafetensors(bytes)).toThrow(NablaError);
  });

  it("finds a clear error or a reading in 300 mutations", async () => {
    const bytes = await encodeSafetensors({ x: tensor([1, 2, 3]), yy: tensor([[1, 2]], { dtype: "int32" }) }, { metadata: { a: "b" } });
    const outcome = await readMutations(
      [bytes],
      300,
      (broken) => decodeSafetensors(broken),
      (error) => error instanceof NablaError,
    );
    expect(outcome.surprises).toEqual([]);
    expect(outcome.refused).toBeGreaterThan(200);
  });
});
