import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { inflateSync } from "node:zlib";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callbacks, layers, ops, Sequential, setBackend, setRandomSeed } from "../index.ts";
import { crc32c, maskedCrc32c } from "./tensorboard/crc32c.ts";
import { encodePng } from "./tensorboard/png.ts";
import { histogramBuckets } from "./tensorboard/summaries.ts";
import { weightImage } from "./tensorboard/weight-image.ts";

let folder: string;
beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
  folder = await mkdtemp(join(tmpdir(), "nabla-events-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A message by field number, read independently of the writer. */
type Fields = Map<number, (number | bigint | Buffer)[]>;

function parse(bytes: Buffer): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = (): bigint => {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
      shift += 7n;
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    let value: number | bigint | Buffer;
    if ((key & 7) === 0) value = varint();
    else if ((key & 7) === 1) [value, at] = [bytes.readDoubleLE(at), at + 8];
    else if ((key & 7) === 5) [value, at] = [bytes.readFloatLE(at), at + 4];
    else {
      const length = Number(varint());
      [value, at] = [bytes.subarray(at, at + length), at + length];
    }
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value]);
  }
  return fields;
}

const one = (fields: Fields, number: number): Buffer => fields.get(number)![0] as Buffer;
const text = (fields: Fields, number: number): string => one(fields, number).toString("utf8");

/** The records of a file, with lengths and sums checked. */
function records(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(bytes.readUInt32LE(at + 8)).toBe(maskedCrc32c(bytes.subarray(at, at + 8)));
    const content = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedCrc32c(content));
    found.push(content);
    at += length + 16;
  }
  return found;
}

interface Value {
  step: number;
  tag: string;
  plugin: string;
  tensor: Fields;
}

async function readEvents(name: string): Promise<{ first: Fields; graph: Fields | undefined; values: Value[] }> {
  const files = await readdir(join(folder, name));
  expect(files.length).toBe(1);
  expect(files[0]).toMatch(/^events\.out\.tfevents\.\d{10}\./);
  const events = records(await readFile(join(folder, name, files[0]!))).map(parse);
  const graph = events.find((event) => event.has(4));
  const values = events
    .filter((event) => event.has(5))
    .flatMap((event) =>
      (parse(one(event, 5)).get(1) as Buffer[]).map((bytes): Value => {
        const value = parse(bytes);
        const plugin = parse(one(parse(one(value, 9)), 1));
        return { step: Number(event.get(2)![0]), tag: text(value, 1), plugin: text(plugin, 1), tensor: parse(one(value, 8)) };
      }),
    );
  return { first: events[0]!, graph: graph === undefined ? undefined : parse(one(graph, 4)), values };
}

const scalar = (value: Value): number => one(value.tensor, 4).readFloatLE(0);

describe("CRC-32C", () => {
  it("is that of the standard's test vectors (RFC 3720 B.4)", () => {
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  });
});

describe("PNG", () => {
  it("holds the pixels, row by row", async () => {
    const png = Buffer.from(
      await encodePng(
        Uint8Array.from({ length: 18 }, (_, i) => i),
        2,
        3,
        3,
      ),
    );
    expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]));
    expect([png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25]]).toEqual([3, 2, 8, 2]);
    const length = png.readUInt32BE(33);
    const rows = inflateSync(png.subarray(41, 41 + length));
    expect([...rows]).toEqual([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
  });
});

describe("histograms and images of weights", () => {
  it("count every finite value once", () => {
    const buckets = histogramBuckets([0, 1, 2, 3, NaN, 3, Infinity], 3);
    expect(buckets).toEqual([
      [0, 1, 1],
      [1, 2, 1],
      [2, 3, 3],
    ]);
    expect(histogramBuckets([5, 5])).toEqual([[4.5, 5.5, 2]]);
    expect(histogramBuckets([])).toEqual([]);
  });

  it("lie down, black to white", () => {
    expect(weightImage([0, 1, 2, 3, 4, 5], [3, 2])).toEqual({ pixels: Uint8Array.of(0, 102, 204, 51, 153, 255), shape: [1, 2, 3, 1] });
    expect(weightImage([2, 4], [2])?.shape).toEqual([1, 2, 1, 1]);
    expect(weightImage(new Float32Array(24), [2, 3, 4])?.shape).toEqual([4, 2, 3, 1]);
    expect(weightImage(new Float32Array(16), [2, 2, 2, 2])).toBeNull();
  });
});

describe("TensorBoard", () => {
  it("writes scalars of epochs and batches, histograms, images and the graph, in records that can be read back", async () => {
    setRandomSeed(2);
    const model = new Sequential({
      name: "net",
      layers: [layers.Dense({ units: 3, inputDim: 2, name: "hidden" }), layers.Dense({ units: 1, name: "head" })],
    });
    model.compile({ optimizer: "sgd", loss: "mse" });
    const { history } = await model.fit(ops.ones([8, 2]), ops.zeros([8, 1]), {
      batchSize: 4,
      epochs: 2,
      verbose: 0,
      validationData: [ops.ones([4, 2]), ops.zeros([4, 1])],
      callbacks: [
        callbacks.TensorBoard({ logDir: folder, histogramFreq: 1, writeImages: true, updateFreq: "batch", writeStepsPerSecond: true }),
      ],
    });
    const { first, graph, values } = await readEvents("train");
    expect(text(first, 3)).toBe("brain.Event:2");
    expect(Math.abs((first.get(1)![0] as number) - Date.now() / 1000)).toBeLessThan(600);

    const of = (tag: string): Value[] => values.filter((value) => value.tag === tag);
    expect(of("epoch_loss").map((value) => [value.step, value.plugin, scalar(value)])).toEqual(
      history.loss!.map((loss, epoch) => [epoch, "scalars", Math.fround(loss)]),
    );
    expect(of("epoch_learning_rate").map(scalar)).toEqual([Math.fround(0.01), Math.fround(0.01)]);
    expect(of("batch_loss").map((value) => value.step)).toEqual([1, 2, 3, 4]);
    expect(of("batch_steps_per_second").length).toBe(4);
    expect(of("epoch_steps_per_second").every((value) => scalar(value) > 0)).toBe(true);

    const [histogram] = of(`${model.weights[0]!.path}/histogram`);
    expect([histogram!.step, histogram!.plugin]).toEqual([0, "histograms"]);
    const content = one(histogram!.tensor, 4);
    const buckets = new Float64Array(content.buffer.slice(content.byteOffset, content.byteOffset + content.length));
    expect(buckets.length).toBe(90);
    expect(buckets.filter((_, i) => i % 3 === 2).reduce((a, b) => a + b)).toBe(6);

    const [image] = of(`${model.weights[0]!.path}/image`);
    expect(image!.plugin).toBe("images");
    const [width, height, png] = image!.tensor.get(8) as Buffer[];
    expect([width!.toString(), height!.toString(), png!.readUInt32BE(16), png!.readUInt32BE(20)]).toEqual(["3", "2", 3, 2]);

    const [keras] = of("keras");
    expect(keras!.plugin).toBe("graph_keras_model");
    expect((JSON.parse(text(keras!.tensor, 8)) as { class_name: string }).class_name).toBe("Sequential");

    const nodes = (graph!.get(1) as Buffer[]).map(parse);
    const names = nodes.map((node) => text(node, 1));
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain(model.weights[0]!.path);
    expect(names.some((name) => /^net\/head\/.*dotGeneral/.test(name))).toBe(true);
    for (const node of nodes) for (const input of node.get(3) ?? []) expect(names).toContain((input as Buffer).toString().split(":")[0]);
  });

  it("puts validation beside training", async () => {
    const { values } = await readEvents("validation");
    expect(values.filter((value) => value.tag === "epoch_loss").map((value) => value.step)).toEqual([0, 1]);
    expect(values.filter((value) => value.tag === "evaluation_loss_vs_iterations").map((value) => value.step)).toEqual([2, 4]);
  });

  it("refuses options that make no sense", () => {
    expect(() => callbacks.TensorBoard({ updateFreq: "step" as never })).toThrow(/updateFreq/);
    expect(() => callbacks.TensorBoard({ histogramFreq: -1 })).toThrow(/histogramFreq/);
    expect(() => callbacks.TensorBoard("")).toThrow(/logDir/);
    expect(() => callbacks.TensorBoard({ logdir: "x" } as never)).toThrow(/logDir/);
  });
});
