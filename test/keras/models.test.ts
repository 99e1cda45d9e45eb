/** Models saved by Keras: structure, summary, predictions, and training from Keras's weights and optimizer state. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { type Model, modelFromJSON } from "../../src/models/index.ts";
import { summaryText } from "../../src/models/summary.ts";
import { loadModel, setBackend, Tensor } from "../../src/index.ts";
import { layerRegistry, resetAutoNames } from "../../src/layers/index.ts";
import { difference, isStored, type StoredArray, toTensor } from "./cases.ts";

type Arrays = StoredArray | readonly StoredArray[] | Readonly<Record<string, StoredArray>>;

interface Recorded {
  readonly json: object;
  readonly weights: readonly { readonly path: string; readonly value: StoredArray }[];
  readonly layer_names: readonly string[];
  readonly layer_classes: readonly string[];
  readonly output_shapes: readonly (readonly (number | null)[])[];
  readonly count_params: number;
  readonly summary: string;
  readonly name: string;
  readonly inputs: Arrays;
  readonly targets: Arrays;
  readonly predict: Arrays;
  readonly evaluate: Record<string, number>;
  readonly trajectory: {
    readonly dropout_rate_zeroed_in: readonly string[];
    readonly x: Arrays;
    readonly y: Arrays;
    readonly validation_x: Arrays;
    readonly validation_y: Arrays;
    readonly history: Record<string, number[]>;
    readonly final_weights: readonly { readonly value: StoredArray }[];
    readonly predict_after: Arrays;
  };
  readonly extra_training: readonly {
    readonly what: string;
    readonly fit?: {
      batch_size: number;
      epochs: number;
      sample_weight?: StoredArray;
      class_weight?: Record<number, number>;
      validation_split?: number;
    };
    readonly history?: Record<string, number[]>;
    readonly returned?: readonly Record<string, number>[];
    readonly then_test_on_batch_on_inputs?: Record<string, number>;
    readonly predict_after: Arrays;
  }[];
}

/** The tolerances that the recorded cases recommend. */
const forward = { rtol: 1e-5, atol: 1e-5 };
const trained = { rtol: 1e-4, atol: 1e-4 };

function load(name: string): Recorded {
  const file = new URL(`../fixtures/keras/models/${name}.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)).toString("utf8")) as Recorded;
}

const data = (arrays: Arrays): never => {
  if (isStored(arrays)) return toTensor(arrays) as never;
  if (Array.isArray(arrays)) return arrays.map(toTensor) as never;
  return Object.fromEntries(Object.entries(arrays).map(([key, value]) => [key, toTensor(value)])) as never;
};

/** The model with Keras's weights. */
async function restore(recorded: Recorded): Promise<Model> {
  resetAutoNames();
  const model = modelFromJSON(recorded.json);
  await model.setWeights(recorded.weights.map(({ value }) => toTensor(value)));
  return model;
}

/** The model of Keras's file, compiled and with the state of the optimizer as the file says. */
async function compiled(recorded: Recorded, dropout: "as saved" | "none" = "none"): Promise<Model> {
  resetAutoNames();
  const file = gunzipSync(readFileSync(new URL(`../fixtures/keras/files/${recorded.name}.keras.gz`, import.meta.url)));
  const model = await loadModel(file);
  if (dropout === "none")
    for (const name of recorded.trajectory.dropout_rate_zeroed_in) {
      const layer = model.getLayer(name) as unknown as { rate?: number; dropout: number };
      layer[layer.rate === undefined ? "dropout" : "rate"] = 0;
    }
  return model;
}

async function compare(result: unknown, stored: Arrays, tolerance: { rtol: number; atol: number }): Promise<void> {
  if (!isStored(stored)) {
    for (const [key, part] of Object.entries(stored)) await compare((result as Record<string, unknown>)[key], part, tolerance);
    return;
  }
  const tensor = result;
  expect(tensor).toBeInstanceOf(Tensor);
  const { shape, dtype } = tensor as Tensor;
  expect(difference({ shape, dtype, data: await (tensor as Tensor).data() }, stored, tolerance)).toBeNull();
}

function compareHistory(history: Record<string, number[]>, wanted: Record<string, number[]>): void {
  expect(Object.keys(history).sort()).toEqual(Object.keys(wanted).sort());
  for (const [key, values] of Object.entries(wanted)) {
    values.forEach((value, epoch) =>
      expect(
        Math.abs(history[key]![epoch]! - value),
        `${key} of epoch ${epoch}: ${history[key]![epoch]} instead of ${value}`,
      ).toBeLessThanOrEqual(trained.atol + trained.rtol * Math.abs(value)),
    );
  }
}

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

/** Classes inside inner models too. */
function classesIn(json: unknown): string[] {
  if (Array.isArray(json)) return json.flatMap(classesIn);
  if (typeof json !== "object" || json === null) return [];
  const { class_name: own, module, ...rest } = json as { class_name?: string; module?: string };
  return [...(own !== undefined && module === "keras.layers" ? [own] : []), ...Object.values(rest).flatMap(classesIn)];
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
const absent = new Map(names.map((name) => [name, classesIn(load(name).json).filter((cls) => !layerRegistry.has(cls))]));
const present = names.filter((name) => absent.get(name)!.length === 0);

it("every recorded model of layers that exist is tested", () => {
  for (const [name, classes] of absent) if (classes.length > 0) console.log(`model ${name}: not here: ${[...new Set(classes)].join(", ")}`);
  expect(present.length).toBeGreaterThan(0);
});

describe.each(present)("Keras's model %s", (name) => {
  const recorded = load(name);

  it("has Keras's layers, paths of weights and parameters", async () => {
    const model = await restore(recorded);
    expect(model.layers.map((layer) => layer.name)).toEqual(recorded.layer_names);
    expect(model.weights.map((weight) => weight.path)).toEqual(recorded.weights.map(({ path }) => path));
    expect(model.countParams()).toBe(recorded.count_params);
  });

  it("is written as the JSON it was read from", async () => {
    const model = await restore(recorded);
    const { compile_config: _compiled, ...json } = recorded.json as { compile_config: unknown };
    expect(JSON.parse(JSON.stringify(model))).toEqual(json);
    expect(JSON.parse(JSON.stringify(modelFromJSON(JSON.stringify(model))))).toEqual(json);
  });

  it("prints Keras's summary", async () => {
    const model = await restore(recorded);
    // Keras printed it to 80 columns, a table of 98 cut off there. The optimizer's line needs the optimizer.
    const lines = summaryText(model, { lineLength: 98 })
      .split("\n")
      .map((line) => line.slice(0, 80));
    const wanted = recorded.summary
      .trimEnd()
      .split("\n")
      .filter((line) => !line.startsWith(" Total params") && !line.startsWith(" Optimizer params"));
    expect(lines.filter((line) => !line.startsWith(" Total params"))).toEqual(
      wanted.map((line) => (line.trimEnd() === line ? line : line)),
    );
  });

  it("predicts what Keras predicts", async () => {
    const model = await restore(recorded);
    await compare(await model.predict(data(recorded.inputs), { batchSize: 5 }), recorded.predict, forward);
  });
});

// The steps of tiny_inception are those of tiny_resnet, at three times the work.
describe.each(present.filter((name) => name !== "tiny_inception"))("Keras's model %s in training", (name) => {
  const recorded = load(name);

  it("evaluates as in Keras", async () => {
    const model = await compiled(recorded, "as saved");
    const values = await model.evaluate(data(recorded.inputs), data(recorded.targets), { batchSize: 5, verbose: 0 });
    expect(Object.keys(values).sort()).toEqual(Object.keys(recorded.evaluate).sort());
    for (const [key, value] of Object.entries(recorded.evaluate))
      expect(Math.abs(values[key]! - value)).toBeLessThanOrEqual(forward.atol + forward.rtol * Math.abs(value));
  });

  it("prints the parameters of the optimizer in the summary", async () => {
    const model = await compiled(recorded);
    expect(summaryText(model, { lineLength: 98 }).split("\n").at(-1)).toBe(recorded.summary.trimEnd().split("\n").at(-1));
  });

  it("goes Keras's way for three epochs with validation", async () => {
    const { trajectory } = recorded;
    const model = await compiled(recorded);
    const { history } = await model.fit(data(trajectory.x), data(trajectory.y), {
      batchSize: 8,
      epochs: 3,
      shuffle: false,
      verbose: 0,
      validationData: [data(trajectory.validation_x), data(trajectory.validation_y)],
    });
    compareHistory(history, trajectory.history);
    const weights = await model.getWeights();
    for (const [index, { value }] of trajectory.final_weights.entries()) {
      // The gradient of a key's bias is 0 but for rounding, of which Adam makes whole steps.
      if (/mha.*\/key\/bias$/.test(recorded.weights[index]!.path)) continue;
      await compare(weights[index], value, trained);
    }
    await compare(await model.predict(data(recorded.inputs)), trajectory.predict_after, trained);
  });

  it.each(recorded.extra_training.filter(({ fit }) => fit !== undefined).map((entry) => [entry.what, entry] as const))(
    "goes Keras's way with %s",
    async (_, entry) => {
      const { trajectory } = recorded;
      const fit = entry.fit!;
      const model = await compiled(recorded);
      const { history } = await model.fit(data(trajectory.x), data(trajectory.y), {
        batchSize: fit.batch_size,
        epochs: fit.epochs,
        shuffle: false,
        verbose: 0,
        ...(fit.sample_weight === undefined ? {} : { sampleWeight: toTensor(fit.sample_weight) }),
        ...(fit.class_weight === undefined ? {} : { classWeight: fit.class_weight }),
        ...(fit.validation_split === undefined ? {} : { validationSplit: fit.validation_split }),
      });
      compareHistory(history, entry.history!);
      await compare(await model.predict(data(recorded.inputs)), entry.predict_after, trained);
    },
  );

  const single = recorded.extra_training.find(({ what }) => what === "train_on_batch");
  it.runIf(single !== undefined)("takes single batches as Keras does: metrics go on", async () => {
    const entry = single!;
    const model = await compiled(recorded);
    const [x, y] = [toTensor(recorded.trajectory.x as StoredArray), toTensor(recorded.trajectory.y as StoredArray)];
    const rows = (tensor: Tensor, from: number): Tensor => part(tensor, from, from + 8);
    const close = (actual: Record<string, number>, wanted: Record<string, number>): void => {
      expect(Object.keys(actual).sort()).toEqual(Object.keys(wanted).sort());
      for (const [key, value] of Object.entries(wanted))
        expect(Math.abs(actual[key]! - value), key).toBeLessThanOrEqual(trained.atol + trained.rtol * Math.abs(value));
    };
    for (const [index, wanted] of entry.returned!.entries())
      close(await model.trainOnBatch(rows(x, 8 * index), rows(y, 8 * index)), wanted);
    close(await model.testOnBatch(data(recorded.inputs), data(recorded.targets)), entry.then_test_on_batch_on_inputs!);
    await compare(await model.predict(data(recorded.inputs)), entry.predict_after, trained);
  });
});

/** Rows of a tensor that holds data. */
function part(tensor: Tensor, start: number, end: number): Tensor {
  const values = tensor.node.values[0]!;
  const size = values.length / tensor.dim(0);
  return toTensor({
    shape: [end - start, ...(tensor.shape.slice(1) as number[])],
    dtype: tensor.dtype,
    data: Buffer.from(values.slice(start * size, end * size).buffer).toString("base64"),
  });
}
