/** One recorded call of a layer, compared with what the same layer gives here. */
import { gradients } from "../../src/autodiff/index.ts";
import { isFloat } from "../../src/dtype/index.ts";
import { Tensor, type Variable } from "../../src/graph/index.ts";
import { deserialize, type Layer } from "../../src/layers/index.ts";
import { camelCase } from "../../src/serialization/index.ts";
import { type Case, closeConfig, decode, difference, isStored, type StoredArray, toTensor } from "./cases.ts";

/** How near numbers must be: `|a - b| <= atol + rtol * max|b|`. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

async function wrong(tensor: Tensor, stored: StoredArray, tolerance: Tolerance): Promise<string | null> {
  return difference({ shape: tensor.shape, dtype: tensor.dtype, data: await tensor.data() }, stored, tolerance);
}

interface StoredWeight {
  readonly name: string;
  readonly trainable: boolean;
  readonly value: StoredArray;
}

/**
 * What a case differs in, or null: outputs, gradients, states, losses, masks. `sameConfig`: whether the configuration that
 * the case was recorded with must come out again (newer versions of Keras write keys that are not written here).
 */
export async function checkLayerCase(
  entry: Case,
  tolerance: Tolerance,
  { sameConfig = true }: { sameConfig?: boolean } = {},
): Promise<string | null> {
  const serialized = entry.serialized as { config: Record<string, unknown> };
  // The shape to build with comes from the inputs of the case.
  const layer = deserialize({ ...serialized, config: { ...serialized.config, ...forgotten(entry) }, build_config: null });
  const wanted = sameConfig ? { ...serialized.config, ...forgotten(entry) } : deserialize(layer.toJSON()).getConfig();
  const problem = closeConfig(layer.getConfig(), wanted);
  if (problem !== null) return problem;

  const inputs = (entry.inputs as StoredArray[]).map(toTensor);
  const options = Object.fromEntries(
    Object.entries(entry.call as Record<string, unknown>).map(([key, value]): [string, unknown] => [camelCase(key), revived(value)]),
  );
  const first: unknown = entry.inputs_as === "list" ? inputs : inputs[0]!;
  const shapes = entry.inputs_as === "list" ? inputs.map((input) => input.shape) : inputs[0]!.shape;
  (layer.build as (shapes: unknown) => void)(shapes);
  const stored = entry.weights as StoredWeight[];
  const weights = layer.weights;
  if (weights.map((weight) => weight.name).join() !== stored.map((weight) => weight.name).join()) {
    return `weights ${weights.map((weight) => weight.name).join()} instead of ${stored.map((weight) => weight.name).join()}`;
  }
  const strange = weights.findIndex((weight, i) => weight.dtype !== decode(stored[i]!.value).dtype);
  if (strange >= 0) return `${weights[strange]!.name} is ${weights[strange]!.dtype} instead of ${stored[strange]!.value.dtype}`;
  await layer.setWeights(stored.map((weight) => toTensor(weight.value)));

  const call = layer as unknown as (...args: unknown[]) => unknown;
  const outputs = flat(call(first, options));
  const recorded = entry.outputs as StoredArray[];
  if (outputs.length !== recorded.length) return `${outputs.length} outputs instead of ${recorded.length}`;
  for (const [i, output] of outputs.entries()) {
    const difference = await wrong(output, recorded[i]!, tolerance);
    if (difference !== null) return `output ${i}: ${difference}`;
    if (output.dtype !== decode(recorded[i]!).dtype) return `output ${i} is ${output.dtype} instead of ${recorded[i]!.dtype}`;
  }
  const after = (entry.non_trainable_after as StoredWeight[] | StoredArray[]).map((value) => (isStored(value) ? value : value.value));
  for (const [i, weight] of weights.filter((weight) => !weight.trainable).entries()) {
    const difference = await wrong(weight.read(), after[i]!, tolerance);
    if (difference !== null) return `${weight.name} after the call: ${difference}`;
  }
  const losses = entry.losses as StoredArray[] | number[] | undefined;
  if (losses !== undefined) {
    for (const [i, loss] of layer.losses.entries()) {
      const value = losses[i]!;
      const got = await loss.item();
      if (isStored(value)) {
        const difference = await wrong(loss, value, tolerance);
        if (difference !== null) return `loss ${i}: ${difference}`;
      } else if (Math.abs(got - value) > tolerance.atol + tolerance.rtol * Math.abs(value)) return `loss ${i}: ${got} instead of ${value}`;
    }
    if (layer.losses.length !== losses.length) return `${layer.losses.length} losses instead of ${losses.length}`;
  }
  return (
    (await checkGradients(entry, layer, inputs, options, stored, tolerance)) ?? (await checkMask(entry, layer, first, options, tolerance))
  );
}

/** Keras 3.4 leaves the output padding of transposed convolutions out of their configurations. */
function forgotten(entry: Case): Record<string, unknown> {
  const kwargs = (entry.kwargs ?? {}) as Record<string, unknown>;
  if (kwargs.output_padding === undefined) return {};
  const rank = Number(/\d/.exec(String(entry.class_name))![0]);
  return {
    output_padding: Array.isArray(kwargs.output_padding) ? kwargs.output_padding : new Array<unknown>(rank).fill(kwargs.output_padding),
  };
}

async function checkGradients(
  entry: Case,
  layer: Layer,
  inputs: Tensor[],
  options: Record<string, unknown>,
  stored: StoredWeight[],
  tolerance: Tolerance,
): Promise<string | null> {
  const cotangents = (entry.cotangents as (StoredArray | null)[] | undefined) ?? [];
  if (cotangents.length === 0) return null;
  await layer.setWeights(stored.map((weight) => toTensor(weight.value)));
  const wanted: (StoredArray | null)[] = [
    ...((entry.input_grads as (StoredArray | null)[] | undefined) ?? []),
    ...((entry.weight_grads as (StoredArray | null)[] | undefined) ?? []),
  ];
  const sources: (Tensor | Variable)[] = [...inputs, ...layer.weights];
  const callGradients = (entry.call_grads as Record<string, StoredArray | null | (StoredArray | null)[]> | undefined) ?? {};
  for (const [key, value] of Object.entries(callGradients)) {
    for (const [i, gradient] of [value].flat().entries()) {
      if (gradient === null) continue;
      sources.push(flat(options[camelCase(key)])[i]!);
      wanted.push(gradient);
    }
  }
  const call = layer as unknown as (...args: unknown[]) => unknown;
  const captured = sources.map((source) => (source instanceof Tensor ? source : source.read()));
  const outputs = flat(call(entry.inputs_as === "list" ? inputs : inputs[0]!, options));
  const pairs = outputs
    .map((output, i) => [output, cotangents[i]] as const)
    .filter(([output, cotangent]) => isFloat(output.dtype) && cotangent !== null && cotangent !== undefined);
  if (pairs.length === 0) return null;
  const needed = captured
    .map((source, i) => [source, wanted[i]] as const)
    .filter(([source, gradient]) => gradient !== null && gradient !== undefined && isFloat(source.dtype));
  const found = gradients(
    pairs.map(([output]) => output),
    needed.map(([source]) => source),
    { cotangents: pairs.map(([, cotangent]) => toTensor(cotangent!)) },
  );
  for (const [i, gradient] of found.entries()) {
    const difference = await wrong(gradient, needed[i]![1]!, tolerance);
    if (difference !== null) return `gradient ${i}: ${difference}`;
    if (gradient.dtype !== needed[i]![1]!.dtype) return `gradient ${i} is ${gradient.dtype} instead of ${needed[i]![1]!.dtype}`;
  }
  return null;
}

async function checkMask(
  entry: Case,
  layer: Layer,
  inputs: unknown,
  options: Record<string, unknown>,
  tolerance: Tolerance,
): Promise<string | null> {
  if (entry.output_mask === undefined) return null;
  const mask = layer.computeMask(inputs, options.mask ?? null);
  if (entry.output_mask === null) return mask === null ? null : "a mask instead of none";
  if (!(mask instanceof Tensor)) return "no mask instead of one";
  return wrong(mask, entry.output_mask as StoredArray, tolerance);
}

function revived(value: unknown): unknown {
  if (isStored(value)) return toTensor(value);
  return Array.isArray(value) ? value.map(revived) : value;
}

function flat(value: unknown): Tensor[] {
  return (Array.isArray(value) ? value : [value]) as Tensor[];
}
