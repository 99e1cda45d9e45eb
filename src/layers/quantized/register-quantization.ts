/** Making the parts of quantized layers known. */
import { nearestNames, UnknownNameError, ValueError } from "../../errors.ts";
import { isPlainObject } from "../../graph/index.ts";
import {
  AWQConfig,
  AWQConfigClass,
  awqQuantized,
  Float8QuantizationConfig,
  GPTQConfig,
  GPTQConfigClass,
  gptqQuantized,
  HessianStatistics,
  Int4QuantizationConfig,
  Int4QuantizationConfigClass,
  Int8QuantizationConfig,
  MagnitudeStatistics,
  QuantizationConfig,
} from "../../quantizers/index.ts";
import type { Config } from "../../serialization/index.ts";
import { adapterMaker } from "../adapter-maker.ts";
import { AWQDTypePolicy, CalibratedDTypePolicy, GPTQDTypePolicy } from "../calibrated-dtype-policy.ts";
import { DTypePolicyMap, type DTypePolicyMapOptions } from "../dtype-policy-map.ts";
import type { DTypePolicy, DTypePolicyName } from "../dtype-policy.ts";
import { describe } from "../layer-options.ts";
import { makeAdapters } from "../make-adapters.ts";
import { Int4DTypePolicy, QuantizedDTypePolicy, QuantizedFloat8DTypePolicy } from "../quantized-dtype-policy.ts";
import { calibrateLayers } from "./calibrate-layers.ts";
import { CalibratedProduct, inputMatrix, inputsOf, kernelMatrix } from "./calibrated-product.ts";
import { checkLayer, checkQuantizable } from "./check-layer.ts";
import { Float8Product } from "./float8-product.ts";
import { Int4Product } from "./int4-product.ts";
import { Int4Table } from "./int4-table.ts";
import { Int8Product } from "./int8-product.ts";
import { Int8Table } from "./int8-table.ts";
import { matrixForm } from "./matrix-form.ts";
import { provideQuantization, type QuantizationParts } from "./parts.ts";
import { quantizeLayers } from "./quantize-layers.ts";

const modes = { int8: Int8QuantizationConfig, int4: Int4QuantizationConfig, float8: Float8QuantizationConfig } as const;
const onData = ["gptq", "awq"];
const configs = [Int8QuantizationConfig, Int4QuantizationConfig, Float8QuantizationConfig, GPTQConfig, AWQConfig] as const;

function made(mode: string, sourceName: DTypePolicyName | null, length?: number): DTypePolicy {
  if (/^gptq\b/.test(mode)) return new GPTQDTypePolicy(mode, { sourceName });
  if (/^awq\b/.test(mode)) return new AWQDTypePolicy(mode, { sourceName });
  if (mode.includes("/")) return new Int4DTypePolicy(mode, { sourceName });
  if (mode !== "float8") return new QuantizedDTypePolicy(mode as "int8", { sourceName });
  return new QuantizedFloat8DTypePolicy(mode, { sourceName, ...(length === undefined ? {} : { amaxHistoryLength: length }) });
}

function policyOf(where: string, identifier: unknown): DTypePolicy {
  if (typeof identifier === "string") {
    const [mode, source, more] = identifier.split("_from_");
    if (more === undefined && /^(int8|int4(\/-?\d+)?|float8|(gptq|awq)\/\d+\/-?\d+)$/.test(mode!))
      return made(mode!, source as DTypePolicyName);
    const near = nearestNames(mode!, [...Object.keys(modes), ...onData]);
    throw new UnknownNameError({
      where,
      problem: "this policy does not exist",
      expected: '"int8_from_float32", "int4/128_from_float32", "float8_from_float32", "gptq/4/128_from_float32" and so on',
      received: JSON.stringify(identifier),
      ...(near.length > 0 ? { advice: `perhaps "${near[0]!}_from_${source ?? "float32"}"` } : {}),
    });
  }
  const { class_name: name, config } = identifier as { class_name: string; config?: unknown };
  if (!isPlainObject(config) || !(name !== "DTypePolicyMap" || isPlainObject(config.policy_map)))
    throw new ValueError({
      where,
      problem: `this is no configuration of ${name}`,
      expected: name === "DTypePolicyMap" ? "{ default_policy, policy_map }" : "{ mode, source_name }",
      received: describe(config),
    });
  const cls = name === "GPTQDTypePolicy" ? GPTQDTypePolicy : name === "AWQDTypePolicy" ? AWQDTypePolicy : null;
  if (cls !== null) return new cls(String(config.mode), { sourceName: config.source_name as DTypePolicyName | null });
  if (name !== "DTypePolicyMap") return made(String(config.mode), config.source_name as DTypePolicyName | null, config.amax_history_length as number | undefined); // prettier-ignore
  return new DTypePolicyMap({
    defaultPolicy: config.default_policy as NonNullable<DTypePolicyMapOptions["defaultPolicy"]> | null,
    policyMap: config.policy_map as NonNullable<DTypePolicyMapOptions["policyMap"]>,
  });
}

function configOf(where: string, value: unknown): QuantizationConfig | null {
  if (value === null || value instanceof QuantizationConfig) return value;
  const name = isPlainObject(value) ? value.class_name : undefined;
  const cls = configs.find(({ className }) => className === name);
  if (cls !== undefined) return cls.fromConfig((value as { config?: Config }).config ?? {});
  throw new ValueError({
    where,
    problem: "this is no configuration of a quantization",
    expected: `one of ${configs.map(({ className }) => `quantizers.${className}`).join(", ")}`,
    received: describe(value),
  });
}

function resolve(where: string, mode: unknown, config: unknown): QuantizationConfig {
  const given = configOf(where, config);
  if (given === null && onData.includes(mode as string)) {
    throw new ValueError({
      where,
      problem: "these numbers are chosen on data, which a configuration names",
      expected:
        mode === "gptq" ? "{ config: quantizers.GPTQConfig({ dataset, ... }) }" : "{ config: quantizers.AWQConfig({ dataset, ... }) }",
      received: "no configuration",
    });
  }
  if (given === null && (typeof mode !== "string" || !Object.hasOwn(modes, mode))) {
    throw new ValueError({
      where,
      problem: mode === null ? "neither mode nor configuration is given" : "weights are not quantized in this way",
      expected: [...Object.keys(modes), ...onData].join(", "),
      received: describe(mode),
    });
  }
  if (given !== null && mode !== null && mode !== given.mode) {
    throw new ValueError({ where, problem: "the configuration is of another mode", expected: describe(mode), received: given.mode });
  }
  return given ?? modes[mode as keyof typeof modes]();
}

/** The number of inputs that share a scale, of a configuration or else of a policy. */
function blockSizeOf(policy: DTypePolicy, config: QuantizationConfig | null): number | null {
  const size =
    config instanceof Int4QuantizationConfigClass ? config.blockSize : policy instanceof Int4DTypePolicy ? policy.blockSize : null;
  return size === -1 ? null : size;
}

const parts: QuantizationParts = {
  policyOf,
  mapOf: (defaultPolicy, policyMap) => new DTypePolicyMap({ defaultPolicy, policyMap }),
  configOf,
  resolve,
  product: (layer, form, policy, config) => {
    if (policy instanceof CalibratedDTypePolicy)
      return new CalibratedProduct(layer, form, policy, config instanceof GPTQConfigClass && config.symmetric);
    if (policy instanceof QuantizedFloat8DTypePolicy) return new Float8Product(layer, form, policy.amaxHistoryLength);
    if (policy.quantizationMode === "int8") return new Int8Product(layer, form, config);
    return new Int4Product(layer, form, blockSizeOf(policy, config), config);
  },
  statistics: (where, form, config) =>
    config instanceof GPTQConfigClass ? new HessianStatistics(inputsOf(where, form)) : new MagnitudeStatistics(inputsOf(where, form)),
  inputMatrix,
  calibrated: async (where, form, kernel, statistics, config) => {
    const matrix = kernelMatrix(where, form, kernel);
    if (config instanceof GPTQConfigClass) return gptqQuantized(matrix, statistics, config);
    if (config instanceof AWQConfigClass) return awqQuantized(matrix, statistics, config);
    throw new ValueError({
      where,
      problem: "nobody knows how to quantize on data so",
      expected: "GPTQConfig or AWQConfig",
      received: config.mode,
    });
  },
  calibratedValues: (product, weights) => (product as CalibratedProduct).values(weights),
  calibrate: calibrateLayers,
  quantizeLayers,
  checkLayer,
  checkQuantizable,
  matrixForm,
  table: (layer, form, policy, config) => {
    if (policy.quantizationMode === "int8") return new Int8Table(layer, form, config);
    if (policy.quantizationMode === "int4") return new Int4Table(layer, form, blockSizeOf(policy, config), config);
    throw new ValueError({
      where: layer.label,
      problem: "tables are not quantized in this way",
      expected: "int8 or int4",
      received: policy.name,
    });
  },
};

/** Makes `quantize`, adapters and policies of quantized weights known to layers; importing "nabla" does it. */
export function registerQuantization(): void {
  provideQuantization(parts);
  adapterMaker.provide(makeAdapters);
}
