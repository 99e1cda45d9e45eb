/** Projections of queries, keys and values, as the attention layers with heads share them. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, isPlainObject, type Shape, Tensor } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import type { Config } from "../serialization/index.ts";
import { EinsumDenseLayer, type EinsumDenseOptions } from "./einsum-dense.ts";
import type { DTypePolicy } from "./dtype-policy.ts";
import type { Layer } from "./layer.ts";
import {
  type ConstraintIdentifier,
  describe,
  type InitializerIdentifier,
  type LayerOptions,
  type OptionDefaults,
  type RegularizerIdentifier,
} from "./layer-options.ts";
import { quantizationParts } from "./quantized/parts.ts";
import { isShape } from "./structure.ts";

/** Options that attention layers with heads share. */
export interface AttentionProjectionOptions extends LayerOptions {
  /** Share of the weights that is dropped in training. Default 0. */
  readonly dropout?: number;
  readonly useBias?: boolean;
  readonly kernelInitializer?: InitializerIdentifier;
  readonly biasInitializer?: InitializerIdentifier;
  readonly kernelRegularizer?: RegularizerIdentifier | null;
  readonly biasRegularizer?: RegularizerIdentifier | null;
  readonly kernelConstraint?: ConstraintIdentifier | null;
  readonly biasConstraint?: ConstraintIdentifier | null;
  /** A query sees only values that are fewer than so many places away. Default: all. */
  readonly slidingWindow?: number | null;
  /** Whether the heads' outputs are multiplied by a sigmoid gate of the queries. Default false. */
  readonly useGate?: boolean;
  /** Read from Keras's configurations; the computation is the same. With it there are neither dropout nor returned scores. */
  readonly flashAttention?: boolean | null;
  readonly seed?: number | null;
}

/** Defaults of these options, beyond dropout and useBias. */
export const projectionDefaults: OptionDefaults = {
  kernelInitializer: "glorot_uniform",
  biasInitializer: "zeros",
  kernelRegularizer: null,
  biasRegularizer: null,
  kernelConstraint: null,
  biasConstraint: null,
  slidingWindow: null,
  useGate: false,
  flashAttention: null,
  seed: null,
};

/** Options of one projection, resolved. */
export interface ProjectionOptions extends Omit<EinsumDenseOptions, "equation" | "outputShape" | "biasAxes"> {
  readonly useBias: boolean;
}

/**
 * A built projection `name` of the last `bound` axes of inputs of this shape to axes of the extents `outputs`. Every
 * projection draws its weights by itself.
 */
export function projection(
  of: Layer<never>,
  name: string,
  shape: Shape,
  bound: number,
  outputs: readonly number[],
  { useBias, ...options }: ProjectionOptions,
): EinsumDenseLayer {
  const letters = "abcdefghijklmnopqrstuvwxyz";
  const free = letters.slice(0, shape.length - bound);
  const summed = letters.slice(free.length, shape.length);
  const made = letters.slice(shape.length, shape.length + outputs.length);
  const layer = new EinsumDenseLayer({
    ...options,
    kernelInitializer: fresh(options.kernelInitializer as Initializer),
    biasInitializer: fresh(options.biasInitializer as Initializer),
    name,
    // A map of policies has one for each projection.
    dtype: of.dtypePolicy,
    trainable: of.trainable,
    equation: `${free}${summed},${summed}${made}->${free}${made}`,
    outputShape: [...new Array<null>(free.length - 1).fill(null), ...outputs],
    biasAxes: useBias ? made : null,
  });
  layer.build(shape);
  return layer;
}

/** An initializer like another one: one instance gives equal weights of one shape every time. */
export function fresh(initializer: Initializer): Initializer {
  const cls = initializer.constructor as unknown as { fromConfig?(config: Config): Initializer };
  return cls.fromConfig?.(initializer.getConfig()) ?? initializer;
}

/** The shapes of query, value and key that a layer is built from. Throws ShapeError where they are no shapes. */
export function buildShapes(where: string, given: readonly unknown[]): [Shape, Shape, Shape] {
  const [query, value = query, key = value] = given;
  if (isShape(query) && isShape(value) && isShape(key) && query.length >= 3) return [query, value, key];
  throw new ShapeError({
    where,
    problem: "the layer is built from the shapes of query and value (and key)",
    expected: "build([batch, queries, width], [batch, values, width])",
    received: given.map((shape) => (isShape(shape) ? formatShape(shape) : describe(shape))).join(", "),
  });
}

/** Throws ValueError or ShapeError where query, value and key do not fit each other. */
export function checkAttentionInputs(where: string, query: unknown, value: unknown, key: unknown): void {
  const tensors = [query, value, key];
  const shown = (): string => tensors.map((part) => (part instanceof Tensor ? formatShape(part.shape) : describe(part))).join(", ");
  if (!tensors.every((part) => part instanceof Tensor)) {
    throw new ValueError({
      where,
      problem: "the layer takes query and value (and key), one after the other",
      expected: "layer(query, value), layer(query, value, key) or layer(query, value, options)",
      received: shown(),
      advice: "for self-attention write layer(x, x)",
    });
  }
  const [q, v, k] = tensors as [Tensor, Tensor, Tensor];
  const extents = (tensor: Tensor): string => tensor.shape.slice(0, -1).join();
  const problem =
    q.rank < 3 || v.rank !== q.rank || k.rank !== q.rank
      ? "the inputs have the wrong number of axes"
      : extents(v) !== extents(k)
        ? "there is not one key per value"
        : q.shape[0] !== v.shape[0]
          ? "queries and values have different batch sizes"
          : null;
  if (problem === null) return;
  throw new ShapeError({
    where,
    problem,
    expected: "query [batch, queries, a], value [batch, values, b], key [batch, values, c]",
    received: shown(),
  });
}

/** Throws ShapeError where the widths of query, value and key are not those that the projections were built for. */
export function checkWidths(where: string, projections: readonly EinsumDenseLayer[], inputs: readonly Tensor[]): void {
  inputs.forEach((input, i) => {
    const width = projections[i]!.kernel.shape[0]!;
    const last = input.shape.at(-1);
    if (last === width) return;
    throw new ShapeError({
      where,
      problem: `the last axis of the ${["query", "value", "key"][i]!} does not match the weights`,
      expected: `[..., ${width}], fixed when the layer was built`,
      received: formatShape(input.shape),
      advice: "feed the width it was built with, or make a new layer for this width",
    });
  });
}

/** Throws ValueError where flash attention is asked for together with what Keras does not give with it. */
export function flashAttentionProblem(where: string, flash: boolean | null, dropout: number, returnsScores: boolean): void {
  if (flash !== true || (dropout === 0 && !returnsScores)) return;
  throw new ValueError({
    where,
    problem: `flash attention goes without ${returnsScores ? "returned scores" : "dropout"}`,
    expected: returnsScores ? "returnAttentionScores: false" : "dropout: 0",
    received: returnsScores ? "returnAttentionScores: true" : `dropout: ${dropout}`,
    advice: "leave out flashAttention",
  });
}

/** Keras's build configuration of a layer of query, value and key. */
export function shapesDict(built: unknown): Config | null {
  if (built === null) return null;
  const [query, value = query, key] = isShape(built) ? [built] : (built as readonly Shape[]);
  return { shapes_dict: { query_shape: query, value_shape: value, ...(key === undefined ? {} : { key_shape: key }) } };
}

/** Arguments of a call with the option `key`, as Keras writes it, among the inputs. Throws ValueError for other than two or three. */
export function withKey(where: string, args: readonly unknown[]): readonly unknown[] {
  const options = args.at(-1);
  const inputs = args.length > 1 && isPlainObject(options) ? args.slice(0, -1) : args;
  if (inputs.length < 2 || inputs.length > 3 || inputs.some((input) => Array.isArray(input))) {
    const shown = inputs.map((input) => {
      if (Array.isArray(input)) return `a list of ${input.length}`;
      return input instanceof Tensor ? formatShape(input.shape) : describe(input);
    });
    throw new ValueError({
      where,
      problem: "the layer takes query and value (and key) as inputs, one after the other",
      expected: "layer(query, value), layer(query, value, key), options behind them",
      received: shown.join(", ") || "no input",
      advice: "for self-attention write layer(x, x)",
    });
  }
  if (args.length < 2 || !isPlainObject(options) || !("key" in options)) return args;
  const { key, ...rest } = options;
  if (key === null || key === undefined) return [...args.slice(0, -1), rest];
  if (args.length === 3) return [args[0], args[1], key, rest];
  throw new ValueError({
    where,
    problem: "the keys are given twice or without values",
    expected: "layer(query, value, { key }) or layer(query, value, key)",
    received: `${args.length - 1} inputs and the option key`,
  });
}

/** The shapes in Keras's build configuration of query, value and key; null where it has none. */
export function builtShapes(config: Config): [Shape, Shape, ...Shape[]] | null {
  if (!isPlainObject(config.shapes_dict)) return null;
  const { query_shape: query, value_shape: value, key_shape: key } = config.shapes_dict as Record<string, Shape | undefined>;
  return query === undefined || value === undefined ? null : [query, value, ...(key === undefined ? [] : [key])];
}

/** A configuration that says how the projections of a layer are quantized, where they are: a map of policies. */
export function withProjectionPolicies(layer: Layer<never>, config: Config): Config {
  const quantized = layer.sublayers.filter(({ quantizationMode }) => quantizationMode !== null);
  if (quantized.length === 0) return config;
  const literal = (name: string): string => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  // Wherever the layer is built: models of different kinds have different paths.
  const entries = quantized.map(({ name, policy }): [string, DTypePolicy] => [`(.*/)?${literal(layer.name)}/${literal(name)}`, policy]);
  return { ...config, dtype: quantizationParts(layer.label).mapOf(layer.policy, Object.fromEntries(entries)).toJSON() };
}

/** A configuration without the keys that Keras 3.4 does not know, but where they say something. `further` are more such keys. */
export function withoutNewerKeys(config: Config, further: readonly string[] = []): Config {
  const newer = ["sliding_window", "use_gate", "flash_attention", ...further];
  return Object.fromEntries(Object.entries(config).filter(([key, value]) => !newer.includes(key) || (value !== null && value !== false)));
}
