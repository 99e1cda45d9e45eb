/** One recorded call of a recurrent or attention layer, compared with what the same layer gives here. */
import { gradients } from "../../src/autodiff/index.ts";
import { isFloat } from "../../src/dtype/index.ts";
import { Tensor } from "../../src/index.ts";
import { deserialize, type Layer } from "../../src/layers/index.ts";
import { flattenStructure, mapStructure } from "../../src/layers/structure.ts";
import { camelCase } from "../../src/serialization/index.ts";
import { type Case, closeConfig, decode, difference, isStored, type StoredArray, toTensor, toleranceOf } from "./cases.ts";

/** The tolerance that the recorded cases recommend. */
const tolerance = { rtol: 5e-5, atol: 2e-5 };

interface StoredWeight {
  readonly name: string;
  readonly value: StoredArray;
}

type AnyCall = (...args: unknown[]) => unknown;

/** Arrays as tensors, options in camelCase. */
function revived(value: unknown): unknown {
  if (isStored(value)) return toTensor(value);
  return Array.isArray(value) ? value.map(revived) : value;
}

/** The layer of a case with its weights, and the arguments of the call. */
async function prepare(entry: Case): Promise<{ layer: Layer; args: unknown[]; options: Record<string, unknown>; tensors: Tensor[] }> {
  const serialized = entry.serialized as { config: Record<string, unknown> };
  const layer = deserialize({ ...serialized, build_config: null });
  const tensors = (entry.inputs as StoredArray[]).map(toTensor);
  const options = Object.fromEntries(
    Object.entries(entry.call as Record<string, unknown>).map(([key, value]): [string, unknown] => [camelCase(key), revived(value)]),
  );
  const args: unknown[] = entry.inputs_as === "list" ? [tensors] : [...tensors];
  // A cell takes its states after the inputs.
  if ("states" in options) args.push(options.states);
  const shapes = args.map((arg) => mapStructure(arg, (leaf) => (leaf as Tensor).shape));
  (layer.build as AnyCall)(...shapes);
  await layer.setWeights((entry.weights as StoredWeight[]).map(({ value }) => toTensor(value)));
  return { layer, args, options, tensors };
}

function run(layer: Layer, args: readonly unknown[], { states: _states, ...options }: Record<string, unknown>): Tensor[] {
  return flattenStructure((layer as unknown as AnyCall)(...args, options)) as Tensor[];
}

async function wrong(entry: Case, what: string, tensor: Tensor, stored: StoredArray): Promise<string | null> {
  const found = { shape: tensor.shape, dtype: tensor.dtype, data: await tensor.data() };
  const problem = difference(found, stored, toleranceOf(entry, tolerance));
  if (problem !== null) return `${what}: ${problem}`;
  return tensor.dtype === decode(stored).dtype ? null : `${what} is ${tensor.dtype} instead of ${stored.dtype}`;
}

/**
 * What a case differs in, or null: outputs, states, masks, gradients, and the same of a copy made from the configuration.
 * `sameConfig`: whether the configuration that the case was recorded with must come out again.
 */
export async function checkRecurrentCase(entry: Case, { sameConfig = true }: { sameConfig?: boolean } = {}): Promise<string | null> {
  const { layer, args, options, tensors } = await prepare(entry);
  const config = (entry.serialized as { config: unknown }).config;
  const problem = sameConfig ? closeConfig(layer.getConfig(), config) : null;
  if (problem !== null) return problem;
  const stored = entry.weights as StoredWeight[];
  const names = (weights: readonly { readonly name: string }[]): string => weights.map(({ name }) => name).join();
  if (names(layer.weights) !== names(stored)) return `weights ${names(layer.weights)} instead of ${names(stored)}`;
  const again = deserialize(JSON.parse(JSON.stringify(layer)) as object);
  await again.setWeights(await layer.getWeights());

  const wanted = entry.outputs as StoredArray[];
  const outputs = run(layer, args, options);
  const copies = run(again, args, options);
  if (outputs.length !== wanted.length) return `${outputs.length} outputs instead of ${wanted.length}`;
  for (const [i, output] of outputs.entries()) {
    const found =
      (await wrong(entry, `output ${i}`, output, wanted[i]!)) ?? (await wrong(entry, `output ${i} of the copy`, copies[i]!, wanted[i]!));
    if (found !== null) return found;
  }
  const after = (entry.non_trainable_after as (StoredWeight | StoredArray)[]).map((value) => (isStored(value) ? value : value.value));
  for (const [i, weight] of layer.weights.filter(({ trainable }) => !trainable).entries()) {
    const found = await wrong(entry, `${weight.path} after the call`, weight.read(), after[i]!);
    if (found !== null) return found;
  }
  await layer.setWeights(stored.map(({ value }) => toTensor(value)));
  const recurrent = layer as Layer & { readonly stateful?: boolean; resetState?(): void };
  if (recurrent.stateful === true) recurrent.resetState?.();
  return (await checkGradients(entry, layer, args, options, tensors)) ?? (await checkMask(entry, layer, args[0], options));
}

async function checkGradients(
  entry: Case,
  layer: Layer,
  args: unknown[],
  options: Record<string, unknown>,
  tensors: Tensor[],
): Promise<string | null> {
  const cotangents = (entry.cotangents as (StoredArray | null)[] | undefined) ?? [];
  if (cotangents.length === 0) return null;
  const pairs: [string, Tensor, StoredArray | null | undefined][] = [];
  tensors.forEach((tensor, i) => pairs.push([`gradient of input ${i}`, tensor, (entry.input_grads as StoredArray[] | undefined)?.[i]]));
  layer.weights.forEach((weight, i) =>
    pairs.push([`gradient of ${weight.path}`, weight.read(), (entry.weight_grads as StoredArray[] | undefined)?.[i]]),
  );
  for (const [key, value] of Object.entries((entry.call_grads as Record<string, unknown> | undefined) ?? {})) {
    if (value === null) continue;
    const sources = flattenStructure(options[camelCase(key)]);
    // Stored arrays are objects: flatten by hand.
    const leaves = (tree: unknown): unknown[] => (Array.isArray(tree) ? tree.flatMap(leaves) : [tree]);
    leaves(value).forEach((gradient, i) => {
      if (sources[i] instanceof Tensor) pairs.push([`gradient of ${key} ${i}`, sources[i], gradient as StoredArray | null]);
    });
  }
  const flows = run(layer, args, options)
    .map((output, i) => [output, cotangents[i]] as const)
    .filter(([output, cotangent]) => isFloat(output.dtype) && cotangent !== null && cotangent !== undefined);
  const needed = pairs.filter(([, source, gradient]) => gradient !== null && gradient !== undefined && isFloat(source.dtype));
  const found = gradients(
    flows.map(([output]) => output),
    needed.map(([, source]) => source),
    { cotangents: flows.map(([, cotangent]) => toTensor(cotangent!)) },
  );
  for (const [i, gradient] of found.entries()) {
    const problem = await wrong(entry, needed[i]![0], gradient, needed[i]![2]!);
    if (problem !== null) return problem;
  }
  return null;
}

async function checkMask(entry: Case, layer: Layer, inputs: unknown, options: Record<string, unknown>): Promise<string | null> {
  if (entry.output_mask === undefined) return null;
  const mask = layer.computeMask(inputs, options.mask ?? null);
  if (entry.output_mask === null) return mask === null ? null : "a mask instead of none";
  return mask instanceof Tensor ? wrong(entry, "mask", mask, entry.output_mask as StoredArray) : "no mask instead of one";
}
