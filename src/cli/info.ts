/** `nabla info`: what a file holds, and where two differ. */
import type { Tensor, Variable } from "../index.ts";
import { summaryText } from "../models/index.ts";
import { readArrays } from "./array-files.ts";
import { type Command, command } from "./command.ts";
import { type FileKind, kindOf, readModel } from "./model-source.ts";

interface ArrayInfo {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
}

interface Difference {
  readonly name: string;
  /** Null: only one of the files has it, or the shapes differ. */
  readonly largest: number | null;
  readonly note: string;
}

interface Info {
  readonly file: string;
  readonly kind: FileKind;
  readonly parameters: number;
  readonly arrays: readonly ArrayInfo[];
  readonly architecture: string | null;
  readonly differences?: readonly Difference[];
}

/** Arrays of a file by name: the weights of a model, or what stands in it. */
async function arraysOf(path: string): Promise<{ arrays: Map<string, Tensor | Variable>; architecture: string | null }> {
  const arrays = await readArrays(path);
  if (arrays !== null) return { arrays, architecture: null };
  const model = await readModel(path);
  const architecture = kindOf(path) === "onnx" ? model.toString() : summaryText(model as never);
  return { arrays: new Map(model.weights.map((weight) => [weight.path, weight])), architecture };
}

async function differencesOf(
  first: ReadonlyMap<string, Tensor | Variable>,
  second: ReadonlyMap<string, Tensor | Variable>,
): Promise<Difference[]> {
  const names = new Set([...first.keys(), ...second.keys()]);
  const all = await Promise.all(
    [...names].map(async (name): Promise<Difference | null> => {
      const [a, b] = [first.get(name), second.get(name)];
      if (a === undefined || b === undefined)
        return { name, largest: null, note: `only in the ${a === undefined ? "second" : "first"} file` };
      if (a.shape.join() !== b.shape.join()) return { name, largest: null, note: `[${a.shape.join(", ")}] and [${b.shape.join(", ")}]` };
      const [x, y] = await Promise.all([a.data(), b.data()]);
      let largest = 0;
      for (let i = 0; i < x.length; i++) if (!Object.is(x[i], y[i])) largest = Math.max(largest, Math.abs(x[i]! - y[i]!) || 0);
      return largest === 0 ? null : { name, largest, note: `differ by up to ${largest.toExponential(2)}` };
    }),
  );
  return all.filter((entry) => entry !== null);
}

/** Kinds of files in words. */
const kinds: Readonly<Record<FileKind, string>> = {
  keras: "a model of Keras's",
  weights: "weights of a model (HDF5)",
  onnx: "a model in ONNX",
  tfjs: "a layers-model of TensorFlow.js",
  json: "the architecture of a model",
  safetensors: "arrays (safetensors)",
  npy: "an array of NumPy's",
  npz: "arrays of NumPy's",
  unknown: "a file",
};

/** The command. */
export const info: Command = command<Info>({
  summary: "what a file of a model or of arrays holds; with two files, where they differ",
  positionals: ["FILE", "[FILE2]"],
  options: {},
  examples: ["nabla info model.keras", "nabla info epoch1.keras epoch2.keras", "nabla info weights.safetensors --json"],
  run: async ([file, other]) => {
    const { arrays, architecture } = await arraysOf(file!);
    const list = [...arrays].map(([name, { shape, dtype }]): ArrayInfo => ({ name, shape: shape as readonly number[], dtype }));
    const parameters = list.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    const found: Info = { file: file!, kind: kindOf(file!), parameters, arrays: list, architecture };
    return other === undefined ? found : { ...found, differences: await differencesOf(arrays, (await arraysOf(other)).arrays) };
  },
  print: ({ file, kind, parameters, arrays, architecture, differences }) => {
    if (differences !== undefined) {
      if (differences.length === 0) return `All ${arrays.length} arrays are equal.`;
      const width = Math.min(60, Math.max(...differences.map(({ name }) => name.length)));
      const lines = differences.map(({ name, note }) => `  ${name.padEnd(width)}  ${note}`);
      return [`${differences.length} arrays differ:`, ...lines].join("\n");
    }
    const width = Math.min(60, Math.max(0, ...arrays.map(({ name }) => name.length)));
    const rows = arrays.map(({ name, shape, dtype }) => `  ${name.padEnd(width)}  ${dtype.padEnd(7)}  [${shape.join(", ")}]`);
    const what = architecture === null ? "numbers" : "parameters";
    const head = `${file}: ${kinds[kind]}, ${arrays.length} arrays, ${parameters.toLocaleString("en-US")} ${what}`;
    return [...(architecture === null ? [] : [architecture, ""]), head, ...rows].join("\n");
  },
});
