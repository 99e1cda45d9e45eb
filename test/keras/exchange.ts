/** Models that real Keras wrote (scripts/exchange/exchange.py): nabla opens them, goes on, and writes them for Keras to open. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadModel, type Model, modelFromJSON, StringTensor, tensor, Tensor } from "../../src/index.ts";
import { layerRegistry, resetAutoNames } from "../../src/layers/index.ts";
import { difference, isStored, type StoredArray, toTensor } from "./cases.ts";

type Arrays = StoredArray | readonly Arrays[] | { readonly [key: string]: Arrays };

/** What Keras made of a model. */
export interface Recorded {
  readonly name: string;
  readonly trains: boolean;
  readonly no_h5?: string;
  readonly x: Arrays;
  readonly predict: Arrays;
  readonly y?: Arrays;
  readonly evaluate?: Record<string, number>;
  readonly state?: readonly StoredArray[];
  readonly history?: Record<string, number[]>;
  readonly predict_after?: Arrays;
}

interface Bound {
  readonly rtol: number;
  readonly atol: number;
}

const exact: Bound = { rtol: 1e-6, atol: 1e-6 };
const forward: Bound = { rtol: 1e-5, atol: 1e-5 };
const trained: Bound = { rtol: 2e-4, atol: 2e-4 };
const low: Bound = { rtol: 2e-2, atol: 2e-2 };

/** Tensors of what a file of data holds. */
export function dataOf(arrays: Arrays): never {
  if (isStored(arrays)) {
    if (arrays.dtype !== "string") return toTensor(arrays) as never;
    return tensor(arrays.data as unknown as string[], { shape: arrays.shape, dtype: "string" }) as never;
  }
  if (Array.isArray(arrays)) return arrays.map(dataOf) as never;
  return Object.fromEntries(Object.entries(arrays).map(([key, value]) => [key, dataOf(value)])) as never;
}

/** What a result differs from Keras's in, or null. */
async function wrong(result: unknown, stored: Arrays, bound: Bound): Promise<string | null> {
  if (!isStored(stored)) {
    for (const [key, part] of Object.entries(stored)) {
      const found = await wrong((result as Record<string, unknown>)[key], part, bound);
      if (found !== null) return `${key}: ${found}`;
    }
    return null;
  }
  if (result instanceof StringTensor) return `texts`;
  if (!(result instanceof Tensor)) return `${typeof result} instead of a tensor`;
  const { shape, dtype } = result;
  // Whole numbers come as Keras's back-end likes them: int32, int64 or float32.
  const whole = stored.dtype.startsWith("int") && dtype === "float32";
  const wanted = whole ? asFloats(stored) : stored;
  return difference({ shape, dtype, data: await result.data() }, wanted, bound);
}

function asFloats(stored: StoredArray): StoredArray {
  const values = Float32Array.from(toTensor(stored).node.values[0]!);
  return { ...stored, dtype: "float32", data: Buffer.from(values.buffer).toString("base64") };
}

function differs(got: Record<string, number | number[]>, want: Record<string, number | number[]>, bound: Bound): string | null {
  if (Object.keys(got).sort().join() !== Object.keys(want).sort().join())
    return `${Object.keys(got).join()} instead of ${Object.keys(want).join()}`;
  for (const [key, value] of Object.entries(want)) {
    const [a, b] = [[got[key]!].flat(), [value].flat()];
    const off = b.findIndex(
      (number, i) => !Object.is(a[i], number) && !(Math.abs(a[i]! - number) <= bound.atol + bound.rtol * Math.abs(number)),
    );
    if (off >= 0) return `${key}: ${a.join(", ")} instead of ${b.join(", ")}`;
  }
  return null;
}

async function stateOf(model: Model, wanted: readonly StoredArray[]): Promise<string | null> {
  const { variables } = model.optimizer;
  if (variables.length !== wanted.length) return `${variables.length} variables of the optimizer instead of ${wanted.length}`;
  for (const [index, variable] of variables.entries()) {
    const data = await variable.data();
    const found = difference({ shape: variable.shape, dtype: variable.dtype, data }, wanted[index]!, exact);
    if (found !== null) return `${variable.path}: ${found}`;
  }
  return null;
}

/** Opens the files of one model, compares, and writes them to FOLDER/nabla. What is wrong, file by file. */
export async function exchangeModel(folder: string, name: string): Promise<string[]> {
  const at = join(folder, name);
  const recorded = JSON.parse(readFileSync(`${at}.io.json`, "utf8")) as Recorded;
  const text = readFileSync(`${at}.json`, "utf8");
  const bound = /float16/.test(text) ? low : forward;
  const [x, y] = [dataOf(recorded.x), recorded.y === undefined ? null : dataOf(recorded.y)];
  const faults: string[] = [];
  const attempt = async (what: string, run: () => Promise<string | null>): Promise<void> => {
    try {
      const found = await run();
      if (found !== null) faults.push(`${what}: ${found}`);
    } catch (error) {
      faults.push(`${what}: ${error instanceof Error ? (error.stack?.slice(0, 1200) ?? error.message) : String(error)}`);
    }
  };
  const opened = async (model: Model): Promise<string | null> => {
    const found = await wrong(await model.predict(x, { batchSize: 5, verbose: 0 }), recorded.predict, bound);
    if (found !== null) return `prediction: ${found}`;
    if (y === null || !model.compiled) return null;
    const off = differs(await model.evaluate(x, y, { batchSize: 5, verbose: 0 }), recorded.evaluate!, bound);
    return off === null ? null : `evaluation: ${off}`;
  };
  const out = join(folder, "nabla");
  mkdirSync(out, { recursive: true });
  await attempt(".keras", async () => {
    resetAutoNames();
    const model = await loadModel(`${at}.keras`);
    await model.save(join(out, `${name}.keras`));
    await model.saveWeights(join(out, `${name}.weights.h5`));
    if (recorded.no_h5 === undefined) await model.save(join(out, `${name}.h5`));
    writeFileSync(join(out, `${name}.json`), model.toJson());
    const found = await opened(model);
    if (found !== null) return found;
    if (y === null) return null;
    const state = await stateOf(model, recorded.state!);
    if (state !== null || recorded.history === undefined) return state;
    const { history } = await model.fit(x, y, { batchSize: 8, epochs: 2, shuffle: false, verbose: 0 });
    const off = differs(history, recorded.history, trained);
    if (off !== null) return `training: ${off}`;
    const late = await wrong(await model.predict(x, { verbose: 0 }), recorded.predict_after!, { rtol: 2e-3, atol: 2e-3 });
    return late === null ? null : `prediction after training: ${late}`;
  });
  // Vocabularies stand neither in files of weights nor in configurations.
  if (isStored(recorded.x) && recorded.x.dtype === "string") return faults;
  await attempt(".weights.h5", async () => {
    resetAutoNames();
    const model = modelFromJSON(text);
    if (!model.built) await model.predict(x, { verbose: 0 });
    await model.loadWeights(`${at}.weights.h5`);
    return await opened(model);
  });
  if (existsSync(`${at}.h5`)) {
    await attempt(".h5", async () => {
      resetAutoNames();
      return await opened(await loadModel(`${at}.h5`));
    });
  }
  return faults;
}

/** Classes of layers that a model's JSON names and nabla does not have. */
export function missingClasses(json: unknown): string[] {
  if (Array.isArray(json)) return json.flatMap(missingClasses);
  if (typeof json !== "object" || json === null) return [];
  const { class_name: own, module, ...rest } = json as { class_name?: string; module?: string };
  const unknown = own !== undefined && module === "keras.layers" && !layerRegistry.has(own);
  return [...(unknown ? [own] : []), ...Object.values(rest).flatMap(missingClasses)];
}

/** Writes a model of nabla's own, compiled and trained a little, and what it makes of data: for Keras to compare with. */
export async function writeOwn(
  folder: string,
  name: string,
  model: Model,
  shapes: { readonly x: readonly number[]; readonly y: readonly number[] },
): Promise<void> {
  const at = join(folder, "nabla", name);
  mkdirSync(join(folder, "nabla"), { recursive: true });
  const random = (shape: readonly number[], seed: number): StoredArray => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(seed + 1.7 * i));
    return { shape: [...shape], dtype: "float32", data: Buffer.from(values.buffer).toString("base64") };
  };
  const [x, y] = [random([16, ...shapes.x], 0), random([16, ...shapes.y], 1)];
  // Nadam's variables are in 3.4's order here, "mse" in an .h5 file is more than Keras itself reads back.
  model.compile({ optimizer: "adamax", loss: "mean_squared_error", metrics: ["mae"] });
  const fit = { batchSize: 8, epochs: 2, shuffle: false, verbose: 0 } as const;
  await model.fit(dataOf(x), dataOf(y), { ...fit, epochs: 1 });
  for (const ending of ["keras", "h5"]) await model.save(`${at}.${ending}`);
  await model.saveWeights(`${at}.weights.h5`);
  writeFileSync(`${at}.json`, model.toJson());
  const stored = async (tensor: Tensor): Promise<StoredArray> => {
    const values = await tensor.data();
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    return { shape: tensor.shape as number[], dtype: tensor.dtype, data: bytes.toString("base64") };
  };
  const io: Record<string, unknown> = { name, trains: true, x, y, predict: await stored(await model.predict(dataOf(x), { verbose: 0 })) };
  io["evaluate"] = await model.evaluate(dataOf(x), dataOf(y), { batchSize: 5, verbose: 0 });
  io["state"] = await Promise.all(model.optimizer.variables.map(async (variable) => await stored(variable.read())));
  io["history"] = (await model.fit(dataOf(x), dataOf(y), fit)).history;
  io["predict_after"] = await stored(await model.predict(dataOf(x), { verbose: 0 }));
  writeFileSync(`${at}.io.json`, JSON.stringify(io));
}
