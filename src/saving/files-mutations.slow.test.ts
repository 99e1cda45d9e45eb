import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, it } from "vitest";
import { errors, layers, loadModel, saving, Sequential } from "../index.ts";
import { expectClear, readMutations } from "../testing/mutate-bytes.ts";
import { H5Group, openHdf5 } from "./hdf5/index.ts";
import { writeZip, ZipArchive } from "./zip/index.ts";

const isClear = (error: unknown): boolean => error instanceof errors.NablaError && !(error instanceof errors.InternalError);
const keras = (name: string): Uint8Array =>
  new Uint8Array(gunzipSync(readFileSync(new URL(`../../test/fixtures/keras/files/${name}.gz`, import.meta.url))));

function small(): Sequential {
  const model = new Sequential([layers.Dense({ units: 3, inputShape: [4] }), layers.BatchNormalization(), layers.Dense({ units: 2 })]);
  model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
  return model;
}

/** Everything that a file holds, as deep as a hundred groups. */
function readAll(group: H5Group, depth = 0): void {
  for (const name of group.attributeNames()) group.attribute(name);
  if (depth > 100) return;
  for (const name of group.names()) {
    const member = group.get(name)!;
    if (member instanceof H5Group) readAll(member, depth + 1);
    else if (member.dtype === "string") member.texts();
    else member.bytes();
  }
}

describe("2,500 mutations of each format give a clear error or a reading", () => {
  it(".keras", async () => {
    const files = [await saving.toBytes(small()), keras("mlp_bn_dropout.keras")];
    const outcome = await readMutations(files, 2500, (bytes) => loadModel(bytes), isClear);
    expectClear(outcome, 1500);
  });

  it("configurations and weights in sound .keras archives", async () => {
    const archives = [await saving.toBytes(small()), keras("tiny_transformer.keras"), keras("bidirectional_gru.keras")].map(
      (bytes) => new ZipArchive(bytes, "m"),
    );
    const rebuilt = (archive: ZipArchive, name: string, content: Uint8Array): Uint8Array =>
      Buffer.concat(writeZip(archive.names.map((entry) => ({ name: entry, parts: [entry === name ? content : archive.read(entry)!] }))));
    for (const [name, count] of [
      ["config.json", 3000],
      ["model.weights.h5", 1500],
    ] as const) {
      let turn = 0;
      const contents = archives.map((archive) => archive.read(name)!);
      const read = (bytes: Uint8Array): unknown => loadModel(rebuilt(archives[turn++ % archives.length]!, name, bytes));
      const outcome = await readMutations(contents, count, read, isClear);
      expectClear(outcome, 500);
    }
  });

  it(".h5", async () => {
    const files = [await saving.toBytes(small(), { format: "h5" }), keras("mlp_bn_dropout.h5")];
    const outcome = await readMutations(files, 2500, (bytes) => loadModel(bytes), isClear);
    expectClear(outcome, 500);
  });

  it(".h5 and .keras of Keras 2", async () => {
    const older = ["shared_layers.h5", "operations.h5", "newer_lion.keras"].map(
      (name) => new Uint8Array(gunzipSync(readFileSync(new URL(`../../test/fixtures/keras2/${name}.gz`, import.meta.url)))),
    );
    const outcome = await readMutations(older, 2500, (bytes) => loadModel(bytes), isClear);
    expectClear(outcome, 500);
    // Keras 2's configurations alone, in files that are sound.
    const archive = new ZipArchive(older[2]!, "m");
    const sound = (content: Uint8Array): Uint8Array =>
      Buffer.concat(writeZip(archive.names.map((name) => ({ name, parts: [name === "config.json" ? content : archive.read(name)!] }))));
    const configured = await readMutations([archive.read("config.json")!], 1500, (bytes) => loadModel(sound(bytes)), isClear);
    expectClear(configured, 300);
  });

  it(".weights.h5", async () => {
    const model = small();
    const own = await saving.toBytes(model, { format: "weights.h5" });
    const outcome = await readMutations([own], 2500, (bytes) => model.loadWeights(bytes), isClear);
    expectClear(outcome, 500);
  });

  it("HDF5 as such, written by the HDF5 library too", async () => {
    const module = await import("h5wasm");
    await module.ready;
    const { default: h5wasm, FS } = module;
    const file = new h5wasm.File("made.h5", "w");
    const values = Float32Array.from({ length: 35 }, (_, i) => i / 3);
    file.create_dataset({ name: "packed", data: values, shape: [5, 7], chunks: [2, 3], compression: "gzip", compression_opts: [4] });
    file.create_dataset({ name: "texts", data: ["x", "yy"], shape: [2], dtype: "S4" });
    file.create_attribute("title", "hello");
    file.close();
    const files = [await saving.toBytes(small(), { format: "h5" }), FS!.readFile("made.h5", { encoding: "binary" })];
    const outcome = await readMutations(files, 4000, (bytes) => readAll(openHdf5(bytes)), isClear);
    expectClear(outcome, 1000);
  });
});
