/** Models by the names of their files, or of applications. */
import { readFile } from "node:fs/promises";
import { applications, errors, loadModel, type Model, modelFromJSON, saving } from "../index.ts";
import { platform } from "../platform/index.ts";

/** A file as the command line names it: what it is follows from its name. */
export type FileKind = "keras" | "weights" | "onnx" | "tfjs" | "json" | "safetensors" | "npy" | "npz" | "unknown";

/** What a file is, by its name. */
export function kindOf(path: string): FileKind {
  const name = path.toLowerCase();
  if (name.endsWith(".weights.h5")) return "weights";
  if (/\.(keras|h5|hdf5)$/.test(name)) return "keras";
  if (name.endsWith(".onnx")) return "onnx";
  if (/(^|[\\/])model\.json$/.test(name)) return "tfjs";
  const match = /\.(json|safetensors|npy|npz)$/.exec(name);
  return (match?.[1] ?? "unknown") as FileKind;
}

/** The model of a file. Throws ValueError for files that hold none. */
export async function readModel(path: string): Promise<Model> {
  switch (kindOf(path)) {
    case "keras":
      return await loadModel(path);
    case "onnx":
      return (await saving.loadOnnx(path)) as unknown as Model;
    case "tfjs":
      return await saving.loadTfjs(path);
    case "json":
      return modelFromJSON(await readFile(path, "utf8"));
    default:
      throw new errors.ValueError({
        where: "nabla",
        problem: "this file holds no model",
        expected: "a name that ends in .keras, .h5, .onnx, .json, or model.json of TensorFlow.js",
        received: path,
      });
  }
}

/** What an application is made with, where the command line or the data says so. */
export interface ApplicationChoice {
  readonly inputShape?: readonly number[];
  readonly classes?: number;
  /** Default: random weights. */
  readonly weights?: string;
}

/** Whether a name is that of an application: `ResNet50`. */
export function isApplication(name: string): boolean {
  return kindOf(name) === "unknown" && /^[A-Z]/.test(name) && Object.hasOwn(applications, name);
}

/** The model of a file, or a new one of an application's architecture, by its name; with random weights unless `choice` names some. */
export async function readModelOrApplication(name: string, choice: ApplicationChoice = {}): Promise<Model> {
  if (isApplication(name)) {
    const make = (applications as Readonly<Record<string, unknown>>)[name];
    if (typeof make === "function") {
      const options = Object.fromEntries(Object.entries(choice).filter(([, value]) => value !== undefined));
      return await (make as (options: object) => Model | Promise<Model>)({ weights: null, ...options });
    }
  }
  if (kindOf(name) !== "unknown") return await readModel(name);
  const near = errors.nearestNames(
    name,
    Object.keys(applications).filter((key) => /^[A-Z]/.test(key)),
  );
  throw new errors.UnknownNameError({
    where: "nabla",
    problem: "this is no file of a model and no application",
    expected:
      near.length > 0 ? `perhaps ${near.join(" or ")}` : "a file that ends in .keras, .h5, .onnx or .json, or a name such as LeNet5",
    received: name,
  });
}

/** Writes a text as every file is written: the old one stays whole where this fails. */
export async function writeText(path: string, text: string): Promise<void> {
  await platform.files.write(path, new TextEncoder().encode(text));
}

/** Whether the name of a file tells a format that models are written in. */
export function canWrite(path: string): boolean {
  return !["unknown", "npy"].includes(kindOf(path));
}

/** Writes a model in the format that the name of the file says. Throws ValueError for others. */
export async function writeModel(model: Model, path: string): Promise<void> {
  switch (kindOf(path)) {
    case "keras":
      return await saving.saveModel(model, path);
    case "weights":
      return await saving.saveWeights(model, path);
    case "onnx":
      return await saving.exportOnnx(model, path);
    case "tfjs":
      return await saving.saveTfjs(model, path);
    case "safetensors":
      return await saving.saveSafetensors(path, model);
    case "npz":
      return await saving.saveNpz(path, Object.fromEntries(model.weights.map((weight) => [weight.path, weight])));
    case "json":
      return await writeText(path, model.toJson());
    default:
      throw new errors.ValueError({
        where: "nabla",
        problem: "the name of the file does not tell its format",
        expected: ".keras, .h5, .weights.h5, .onnx, .safetensors, .npz, .json, or model.json of TensorFlow.js",
        received: path,
      });
  }
}
