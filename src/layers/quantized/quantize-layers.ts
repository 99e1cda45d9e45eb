/** Quantizing the layers of a model. */
import { ValueError } from "../../errors.ts";
import type { Layer, QuantizeOptions } from "../layer.ts";
import { describe } from "../layer-options.ts";
import { QuantizableLayer } from "../quantizable-layer.ts";
import { quantizationParts } from "./parts.ts";
import type {
  CalibratedQuantizationConfig,
  QuantizationConfig,
  QuantizationLayerStructure,
  QuantizationMode,
} from "../../quantizers/index.ts";

/** Options of `model.quantize`. */
export interface QuantizeModelOptions extends QuantizeOptions {
  /** Which layers: a regular expression (or several, of which one fits) that is found in the name, or a function. Default: all. */
  readonly filters?: string | readonly string[] | ((layer: Layer) => boolean) | null;
}

function chooser(where: string, filters: QuantizeModelOptions["filters"]): (layer: Layer) => boolean {
  if (filters === null || filters === undefined) return () => true;
  if (typeof filters === "function") return filters;
  const list: unknown = typeof filters === "string" ? [filters] : filters;
  if (!Array.isArray(list) || !list.every((pattern) => typeof pattern === "string"))
    throw new ValueError({
      where,
      problem: "filters chooses layers",
      expected: "a regular expression as a text, a list of them, or a function of a layer",
      received: describe(filters),
    });
  const patterns = list.map((pattern) => new RegExp(pattern));
  return (layer) => patterns.some((pattern) => pattern.test(layer.name));
}

/** By its mode: models hold none of the classes of configurations. */
function isCalibrated(config: QuantizationConfig): config is CalibratedQuantizationConfig {
  return config.mode === "gptq" || config.mode === "awq";
}

/** A model, as far as it is quantized. */
export interface Quantizable extends Layer {
  getQuantizationLayerStructure(mode: QuantizationMode): QuantizationLayerStructure | null;
}

/**
 * Quantizes the layers of a model that can be and that the options choose: at once, or on data, which takes until the
 * promise is kept. Throws ValueError where there is none.
 */
export function quantizeLayers(model: Quantizable, mode: QuantizationMode | null, options: QuantizeModelOptions): void | Promise<void> {
  const where = `${model.label}.quantize`;
  const { filters, ...rest } = options;
  const chosen = chooser(where, filters);
  const config = quantizationParts(where).resolve(where, mode, options.config ?? null);
  const canBe = (layer: Layer): boolean =>
    layer instanceof QuantizableLayer && chosen(layer) && layer.canQuantize(config.mode, rest.typeCheck ?? true);
  if (isCalibrated(config)) {
    const structure = config.quantizationLayerStructure ?? model.getQuantizationLayerStructure(config.mode);
    return quantizationParts(where).calibrate(where, config, structure, canBe);
  }
  const seen = new Set<Layer>();
  let count = 0;
  const visit = (layer: Layer): void => {
    if (seen.has(layer)) return;
    seen.add(layer);
    if (canBe(layer)) {
      layer.quantize(mode, rest);
      count++;
    }
    layer.sublayers.forEach(visit);
  };
  visit(model);
  if (count > 0) return;
  throw new ValueError({
    where,
    problem: "no layer is quantized",
    expected: "a Dense, EinsumDense, Embedding or ReversibleEmbedding among the layers",
    received: [...seen]
      .map(({ label }) => label)
      .join(", ")
      .slice(0, 200),
  });
}
