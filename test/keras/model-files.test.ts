/** Files of models saved by Keras: read to the same state, and written with the same groups, names, dtypes, attributes and configurations. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { loadModel, type Model, modelFromJSON, saving, setBackend } from "../../src/index.ts";
import { H5Group, openHdf5 } from "../../src/saving/hdf5/index.ts";
import { ZipArchive } from "../../src/saving/zip/index.ts";
import { resetAutoNames } from "../../src/layers/index.ts";
import { difference, type StoredArray, toTensor } from "./cases.ts";

interface Recorded {
  readonly json: object;
  readonly weights: readonly { readonly path: string; readonly value: StoredArray }[];
  readonly optimizer_variables: readonly { readonly path: string; readonly value: StoredArray }[];
  readonly compile_config: Record<string, unknown>;
  readonly optimizer: object;
  readonly inputs: StoredArray;
  readonly predict: StoredArray;
}

const names = [
  "lenet",
  "mlp_bn_dropout",
  "tiny_resnet",
  "tiny_inception",
  "separable_conv",
  "multi_io_shared_skip",
  "nested_autoencoder",
  "embedding_lstm",
  "bidirectional_gru",
  "tiny_transformer",
];

function fixture(name: string): Uint8Array {
  const folder = name.endsWith(".json") ? "models" : "files";
  return gunzipSync(readFileSync(new URL(`../fixtures/keras/${folder}/${name}.gz`, import.meta.url)));
}

function recordedOf(name: string): Recorded {
  return JSON.parse(new TextDecoder().decode(fixture(`${name}.json`))) as Recorded;
}

/** Everything an HDF5 file holds but the numbers: path, dtype and shape of datasets, attributes of groups. */
function treeOf(bytes: Uint8Array): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  const visit = (group: H5Group): void => {
    const attributes = Object.fromEntries(group.attributeNames().map((name) => [name, attributeOf(group.attribute(name))]));
    tree[`${group.path}/`] = attributes;
    for (const name of group.names()) {
      const member = group.get(name)!;
      if (member instanceof H5Group) visit(member);
      else tree[member.path] = `${member.dtype} ${JSON.stringify(member.shape)}`;
    }
  };
  visit(openHdf5(bytes));
  return tree;
}

/** Configurations are compared as values: Python writes 1.0 where JavaScript writes 1. */
function attributeOf(value: unknown): unknown {
  if (typeof value === "string" && value.startsWith("{")) return JSON.parse(value);
  return typeof value === "object" && value !== null && "bytes" in value ? { ...value, bytes: [...(value.bytes as Uint8Array)] } : value;
}

/** A configuration without the numbers by which Keras tells that objects are one: addresses in the memory of the process that saved. */
function unshared(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(unshared);
  if (typeof json !== "object" || json === null) return json;
  return Object.fromEntries(
    Object.entries(json)
      .filter(([key]) => key !== "shared_object_id")
      .map(([key, part]) => [key, unshared(part)]),
  );
}

/** Some of the legacy files were saved without the optimizer. */
function holdsTraining(name: string): boolean {
  return openHdf5(fixture(`${name}.h5`)).attribute("training_config") !== undefined;
}

async function expectState(model: Model, recorded: Recorded, compiled = true): Promise<void> {
  expect(model.compiled).toBe(compiled);
  expect(model.weights.map(({ path }) => path)).toEqual(recorded.weights.map(({ path }) => path));
  const exact = { rtol: 0, atol: 0 };
  for (const [index, weight] of model.weights.entries())
    expect(
      difference({ shape: weight.shape, dtype: weight.dtype, data: await weight.data() }, recorded.weights[index]!.value, exact),
    ).toBeNull();
  if (!compiled) return;
  const { variables } = model.optimizer;
  expect(variables.map(({ path }) => path)).toEqual(recorded.optimizer_variables.map(({ path }) => path));
  for (const [index, variable] of variables.entries()) {
    const { data } = toTensorData(recorded.optimizer_variables[index]!.value);
    expect([...(await variable.data())]).toEqual(data);
  }
}

function toTensorData(stored: StoredArray): { data: number[] } {
  return { data: [...toTensor(stored).node.values[0]!] };
}

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

describe.each(names)("Keras's files of %s", (name) => {
  const recorded = recordedOf(name);

  it("give the state that was saved, from .keras and .h5", async () => {
    for (const ending of ["keras", "h5"]) {
      resetAutoNames();
      await expectState(await loadModel(fixture(`${name}.${ending}`)), recorded, ending === "keras" || holdsTraining(name));
    }
  });

  it("give weights and the optimizer's state, from .weights.h5", async () => {
    resetAutoNames();
    const model = modelFromJSON(recorded.json);
    model.compileFromConfig({ ...recorded.compile_config, optimizer: recorded.optimizer });
    await model.loadWeights(fixture(`${name}.weights.h5`));
    await expectState(model, recorded);
  });

  it("have the structure of what is written: .keras", async () => {
    resetAutoNames();
    const model = await loadModel(fixture(`${name}.keras`));
    const [own, keras] = [await saving.toBytes(model), fixture(`${name}.keras`)].map((bytes) => new ZipArchive(bytes, name)) as [
      ZipArchive,
      ZipArchive,
    ];
    expect(own.names).toEqual(keras.names);
    const json = (archive: ZipArchive, file: string): unknown => JSON.parse(new TextDecoder().decode(archive.read(file)));
    expect(unshared(json(own, "config.json"))).toEqual(unshared(json(keras, "config.json")));
    expect(Object.keys(json(own, "metadata.json") as object)).toEqual(["keras_version", "date_saved"]);
    expect(treeOf(own.read("model.weights.h5")!)).toEqual(treeOf(keras.read("model.weights.h5")!));
  });

  it("have the structure of what is written: .weights.h5 and .h5", async () => {
    resetAutoNames();
    const model = await loadModel(fixture(`${name}.keras`));
    expect(treeOf(await saving.toBytes(model, { format: "weights.h5" }))).toEqual(treeOf(fixture(`${name}.weights.h5`)));
    const legacy = await loadModel(fixture(`${name}.keras`), { compile: holdsTraining(name) });
    expect(treeOf(await saving.toBytes(legacy, { format: "h5" }))).toEqual(treeOf(fixture(`${name}.h5`)));
  });

  it("survive being written and read again, to the bit", async () => {
    resetAutoNames();
    const model = await loadModel(fixture(`${name}.keras`));
    for (const format of ["keras", "h5"] as const) {
      resetAutoNames();
      await expectState(await loadModel(await saving.toBytes(model, { format })), recorded);
    }
  });
});

it("a loaded model predicts what Keras predicts", async () => {
  const recorded = recordedOf("mlp_bn_dropout");
  const model = await loadModel(fixture("mlp_bn_dropout.keras"));
  const y = await model.predict(toTensor(recorded.inputs), { batchSize: 5 });
  expect(difference({ shape: y.shape, dtype: y.dtype, data: await y.data() }, recorded.predict, { rtol: 1e-5, atol: 1e-5 })).toBeNull();
});
