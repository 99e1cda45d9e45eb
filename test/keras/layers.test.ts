import { beforeAll, describe, expect, it } from "vitest";
import { gradients } from "../../src/autodiff/index.ts";
import { registerActivations } from "../../src/activations/index.ts";
import { createWasmBackend } from "../../src/backends/cpu/wasm/index.ts";
import { createReferenceBackend } from "../../src/backends/reference/index.ts";
import { registerConstraints } from "../../src/constraints/index.ts";
import { isFloat } from "../../src/dtype/index.ts";
import { Tensor, type Variable } from "../../src/graph/index.ts";
import { registerInitializers } from "../../src/initializers/index.ts";
import { deserialize, type Layer, layerRegistry, registerLayers } from "../../src/layers/index.ts";
import { registerRegularizers } from "../../src/regularizers/index.ts";
import { registerBackend, setBackend } from "../../src/runtime/index.ts";
import { camelCase } from "../../src/serialization/index.ts";
import { type Case, closeConfig, difference, isStored, type StoredArray, testCases, toTensor } from "./cases.ts";

/** The tolerances that the recorded cases recommend. */
const plain = { rtol: 2e-5, atol: 1e-5 };
const loose = { rtol: 5e-5, atol: 2e-5 };

registerActivations();
registerConstraints();
registerInitializers();
registerRegularizers();
registerLayers();
registerBackend("reference", createReferenceBackend);
registerBackend("wasm", () => createWasmBackend());

/** Classes of the recorded cases that do not exist here yet. The list shrinks to nothing. */
const missing: readonly string[] = ["Normalization"];

async function wrong(tensor: Tensor, stored: StoredArray, tolerance: { rtol: number; atol: number }): Promise<string | null> {
  return difference({ shape: tensor.shape, dtype: tensor.dtype, data: await tensor.data() }, stored, tolerance);
}

interface StoredWeight {
  readonly name: string;
  readonly trainable: boolean;
  readonly value: StoredArray;
}

async function check(entry: Case, tolerance: { rtol: number; atol: number }): Promise<string | null> {
  const serialized = entry.serialized as { config: Record<string, unknown> };
  // The shape to build with comes from the inputs of the case.
  const layer = deserialize({ ...serialized, config: { ...serialized.config, ...forgotten(entry) }, build_config: null });
  const problem = closeConfig(layer.getConfig(), { ...serialized.config, ...forgotten(entry) });
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
  await layer.setWeights(stored.map((weight) => toTensor(weight.value)));

  const call = layer as unknown as (...args: unknown[]) => unknown;
  const outputs = flat(call(first, options));
  const wanted = entry.outputs as StoredArray[];
  if (outputs.length !== wanted.length) return `${outputs.length} outputs instead of ${wanted.length}`;
  for (const [i, output] of outputs.entries()) {
    const difference = await wrong(output, wanted[i]!, tolerance);
    if (difference !== null) return `output ${i}: ${difference}`;
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
  tolerance: { rtol: number; atol: number },
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
  }
  return null;
}

async function checkMask(
  entry: Case,
  layer: Layer,
  inputs: unknown,
  options: Record<string, unknown>,
  tolerance: { rtol: number; atol: number },
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

const groups: readonly (readonly [string, { rtol: number; atol: number }])[] = [
  ["layers_activations", plain],
  ["layers_convolutional", plain],
  ["layers_core", plain],
  ["layers_merging", plain],
  ["layers_normalization", loose],
  ["layers_pooling", plain],
  ["layers_preprocessing", plain],
  ["layers_recurrent", loose],
  ["layers_regularization", plain],
  ["layers_reshaping", plain],
];

for (const backend of ["reference", "wasm"]) {
  describe(`layers on ${backend}`, () => {
    beforeAll(() => setBackend(backend));
    for (const [group, tolerance] of groups) {
      describe(group, () => {
        testCases(
          group,
          (entry) => String(entry.class_name),
          (name) => !missing.includes(name),
          (entry) => check(entry, tolerance),
        );
      });
    }
  });
}

it("every class that exists here has its cases run", () => {
  expect(missing.filter((name) => layerRegistry.has(name))).toEqual([]);
});
