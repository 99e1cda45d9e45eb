/** Nonsense for every layer class: in its configuration, in `build`, in a call. An error of this library, or a result without NaN. */
import { beforeAll, describe, expect, it } from "vitest";
import { isFloat } from "../../src/dtype/index.ts";
import { NablaError } from "../../src/errors.ts";
import { ops, setBackend, type StringTensor, tensor, Tensor } from "../../src/index.ts";
import { deserialize, type Layer } from "../../src/layers/index.ts";
import { flattenStructure } from "../../src/layers/structure.ts";
import { type Case, isStored, loadCases, type StoredArray, toTensor } from "./cases.ts";

const groups = [
  "layers_activations",
  "layers_attention",
  "layers_convolutional",
  "layers_core",
  "layers_merging",
  "layers_newer",
  "layers_normalization",
  "layers_pooling",
  "layers_preprocessing",
  "layers_recurrent",
  "layers_regularization",
  "layers_reshaping",
];

/** What stands in a configuration in the place of a value. */
const nonsense: readonly unknown[] = [null, "x", "", -1, 0, 1.5, NaN, Infinity, true, [], {}, [null], [-3, 0.5], { class_name: "Nothing" }];
/** Shapes to build with. */
const shapes: readonly unknown[] = [
  null,
  7,
  "x",
  [],
  [NaN],
  [-1, 3],
  [2, 0],
  [null, null, null],
  [["a"]],
  { a: 1 },
  new Array<number>(12).fill(1),
];

/** One case per class. */
const first = new Map<string, Case>();
for (const entry of groups.flatMap(loadCases)) if (!first.has(String(entry.class_name))) first.set(String(entry.class_name), entry);

type AnyCall = (...args: unknown[]) => unknown;

function toInput(stored: StoredArray): Tensor | StringTensor {
  if (stored.dtype !== "string") return toTensor(stored);
  return tensor(stored.data as unknown as string[], { shape: stored.shape, dtype: "string" });
}

function serializedOf(entry: Case, config: Record<string, unknown> = {}): object {
  const serialized = entry.serialized as { config: Record<string, unknown> };
  return { ...serialized, config: { ...serialized.config, ...config }, build_config: null };
}

/** The arguments of the recorded call. */
function argumentsOf(entry: Case): unknown[] {
  const inputs = (entry.inputs as StoredArray[]).map(toInput);
  const args: unknown[] = entry.inputs_as === "list" ? [inputs] : [...inputs];
  const revived = (value: unknown): unknown => (isStored(value) ? toTensor(value) : Array.isArray(value) ? value.map(revived) : value);
  const states = (entry.call as Record<string, unknown>).states;
  return states === undefined ? args : [...args, revived(states)];
}

/** What is wrong with how an attempt ends, or null: an error of this library, or results whose numbers are numbers. */
async function problemOf(attempt: () => unknown): Promise<string | null> {
  try {
    for (const value of flattenStructure(await attempt())) {
      if (!(value instanceof Tensor) || !isFloat(value.dtype)) continue;
      if ((await value.data()).some(Number.isNaN)) return "gives NaN";
    }
    return null;
  } catch (error) {
    if (!(error instanceof NablaError)) return `throws ${String(error)}`;
    return error.message.length < 40 ? `says only ${error.message}` : null;
  }
}

describe("nonsense", () => {
  beforeAll(() => setBackend("reference"));

  it.each([...first.keys()])("in the configuration of %s", async (name) => {
    const entry = first.get(name)!;
    const wrong: string[] = [];
    const keys = Object.keys((entry.serialized as { config: object }).config);
    for (const key of [...keys, "no_such_option"]) {
      for (const value of nonsense) {
        // No initializer is Glorot's, as in Keras, whose draws are no variances.
        if (key === "moving_variance_initializer" && value === null) continue;
        const problem = await problemOf(() =>
          (deserialize(serializedOf(entry, { [key]: value })) as unknown as AnyCall)(...argumentsOf(entry)),
        );
        if (problem !== null)
          wrong.push(`${key}: ${value === undefined ? "undefined" : JSON.stringify(value)} (${String(value)}) ${problem}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each([...first.keys()])("in calls and shapes of %s", async (name) => {
    const entry = first.get(name)!;
    const wrong: string[] = [];
    const make = (): Layer & AnyCall => deserialize(serializedOf(entry)) as Layer & AnyCall;
    const note = async (what: string, attempt: () => unknown): Promise<void> => {
      const problem = await problemOf(attempt);
      if (problem !== null) wrong.push(`${what} ${problem}`);
    };
    for (const shape of shapes) {
      await note(`build(${JSON.stringify(shape)})`, () => {
        const layer = make();
        (layer.build as AnyCall)(shape);
        return layer(...argumentsOf(entry));
      });
    }
    const args = argumentsOf(entry);
    const x = flattenStructure(args)[0];
    const others: [string, unknown][] = [
      ["null", null],
      ["a number", 3],
      ["a text", "x"],
      ["an object", { a: 1 }],
      ["a function", () => 1],
      ["a list of nothing", []],
      ["a scalar", ops.ones([])],
      ["texts", tensor(["a", "b"], { dtype: "string" })],
      ["six axes", ops.ones([1, 2, 1, 2, 1, 2])],
      ["no samples", ops.zeros([0, 3])],
      ["booleans", ops.ones([2, 3], "bool")],
      ["bytes", ops.ones([2, 3], "uint8")],
      ["three tensors", [ops.ones([2, 3]), ops.ones([2, 4]), ops.ones([1])]],
    ];
    if (x instanceof Tensor)
      others.push(["another dtype", ops.cast(x, isFloat(x.dtype) ? "int32" : "float32")], ["an axis more", ops.expandDims(x, -1)]);
    for (const [what, other] of others) {
      await note(`called on ${what}`, () => make()(other, ...args.slice(1)));
      await note(`called on ${what} after the recorded input`, async () => {
        const layer = make();
        await problemOf(() => layer(...args));
        return layer(other, ...args.slice(1));
      });
    }
    for (const [key, value] of [
      ["mask", "x"],
      ["mask", ops.ones([7, 7, 7], "bool")],
      ["training", "yes"],
      ["initialState", 3],
      ["nothing", 1],
    ] as const)
      await note(`called with ${key} ${String(value)}`, () => make()(...args, { [key]: value }));
    expect(wrong).toEqual([]);
  });
});
