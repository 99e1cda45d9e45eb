/** One recorded call of a preprocessing layer, given its state or after `adapt`, compared with what the same layer gives here. */
import { isFloat } from "../../src/dtype/index.ts";
import { gradients, layers, StringTensor, tensor, Tensor } from "../../src/index.ts";
import { camelCase, camelCaseKeys } from "../../src/serialization/index.ts";
import { type Case, closeConfig, difference, isStored, revive, type StoredArray, toTensor } from "./cases.ts";

const plain = { rtol: 2e-5, atol: 1e-5 };

function toInput(stored: StoredArray): Tensor | StringTensor {
  if (stored.dtype !== "string") return toTensor(stored);
  return tensor(stored.data as unknown as string[], { shape: stored.shape, dtype: "string" });
}

async function wrong(actual: unknown, stored: StoredArray, tolerance = plain): Promise<string | null> {
  if (stored.dtype === "string") {
    if (!(actual instanceof StringTensor)) return "no texts";
    const found = JSON.stringify([actual.shape, await actual.data()]);
    const wanted = JSON.stringify([stored.shape, stored.data]);
    return found === wanted ? null : `${found} instead of ${wanted}`;
  }
  if (!(actual instanceof Tensor)) return "no tensor";
  const integers = /^u?int|^bool/.test(stored.dtype);
  if (integers !== !isFloat(actual.dtype)) return `dtype ${actual.dtype} instead of ${stored.dtype}`;
  return difference({ shape: actual.shape, dtype: actual.dtype, data: await actual.data() }, stored, tolerance);
}

type AnyCall = (...args: unknown[]) => unknown;

/** What a call differs in, or null. */
export async function checkPreprocessingCase(entry: Case): Promise<string | null> {
  const serialized = entry.serialized as { config: Record<string, unknown> };
  const layer = layers.deserialize({ ...serialized, build_config: null });
  const problem = closeConfig(layer.getConfig(), serialized.config);
  if (problem !== null) return problem;
  const inputs = (entry.inputs as StoredArray[]).map(toInput);
  const shapes = inputs.map((input) => input.shape);
  (layer.build as AnyCall)(entry.inputs_as === "list" ? shapes : shapes[0]);
  if (layer.weights.length !== (entry.weights as unknown[]).length) return `${layer.weights.length} weights`;
  const options = Object.fromEntries(
    Object.entries(entry.call as Record<string, unknown>).map(([key, value]) => [
      camelCase(key),
      isStored(value) ? toTensor(value) : value,
    ]),
  );
  const output = (layer as unknown as AnyCall)(entry.inputs_as === "list" ? inputs : inputs[0], options);
  // Decibels of small numbers: the recorded cases recommend an absolute tolerance.
  const tolerance = entry.class_name === "MelSpectrogram" ? { rtol: 2e-5, atol: 1e-3 } : plain;
  const different = await wrong(output, (entry.outputs as StoredArray[])[0]!, tolerance);
  if (different !== null) return `output: ${different}`;
  const cotangent = (entry.cotangents as (StoredArray | null)[] | undefined)?.[0];
  const wanted = (entry.input_grads as (StoredArray | null)[] | undefined) ?? [];
  const x = inputs[0]!;
  if (cotangent === null || cotangent === undefined || !(x instanceof Tensor) || !isFloat(x.dtype) || wanted[0] == null) return null;
  const [gradient] = gradients([output as Tensor], [x], { cotangents: [toTensor(cotangent)] });
  const off = await wrong(gradient, wanted[0], { rtol: 5e-5, atol: tolerance.atol });
  return off === null ? null : `gradient: ${off}`;
}

interface Adaptable {
  adapt(data: unknown): Promise<void>;
  getVocabulary?(): unknown[];
  binBoundaries?: readonly number[] | null;
}

/** What a layer that has seen `adapt_data` differs in, or null. */
export async function checkAdaptedCase(entry: Case): Promise<string | null> {
  const classes = layers as unknown as Record<string, (options: object) => layers.Layer & Adaptable>;
  const layer = classes[String(entry.class_name)]!(camelCaseKeys(revive(entry.kwargs) as Record<string, unknown>));
  await layer.adapt(toInput(entry.adapt_data as StoredArray));
  const vocabulary = entry.vocabulary as unknown[] | undefined;
  if (vocabulary !== undefined && JSON.stringify(layer.getVocabulary!()) !== JSON.stringify(vocabulary))
    return `vocabulary ${JSON.stringify(layer.getVocabulary!())}`;
  const config = { ...layer.getConfig(), name: (entry.config_after as { name: string }).name };
  const problem = closeConfig(config, entry.config_after);
  if (problem !== null) return problem;
  for (const [i, weight] of ((entry.weights as { name: string; value: StoredArray }[] | undefined) ?? []).entries()) {
    if (layer.weights[i]!.name !== weight.name) return `weight ${layer.weights[i]!.name}`;
    const different = await wrong(layer.weights[i]!.read(), weight.value);
    if (different !== null) return `${weight.name}: ${different}`;
  }
  const output = (layer as unknown as AnyCall)(toInput(entry.input as StoredArray));
  const different = await wrong(output, entry.output as StoredArray);
  if (different !== null) return `output: ${different}`;
  // What was learned comes back from the configuration where it stands there.
  const json = JSON.parse(JSON.stringify(layer.toJSON())) as object;
  return closeConfig(layers.deserialize(json).getConfig(), layer.getConfig());
}
