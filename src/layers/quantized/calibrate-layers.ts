/** Quantizing the layers of a model on data. */
import { StateError, ValueError } from "../../errors.ts";
import { dataTensor, Tensor } from "../../graph/index.ts";
import { Layer } from "../layer.ts";
import { describe } from "../layer-options.ts";
import { ProductLayer } from "../product-layer.ts";
import type { QuantizableOptions } from "../quantizable-layer.ts";
import { watchingInputs } from "./watched-inputs.ts";
import {
  calibrationInputs,
  type CalibratedQuantizationConfig,
  type InputStatistics,
  type QuantizationLayerStructure,
} from "../../quantizers/index.ts";

type Target = ProductLayer<QuantizableOptions>;

function callable(where: string, layer: object): (x: Tensor) => Tensor {
  if (!(layer instanceof Layer))
    throw new ValueError({
      where,
      problem: "the structure of a model consists of layers",
      expected: "{ preBlockLayers: [layers], sequentialBlocks: [layers or models] }",
      received: describe(layer),
    });
  return (x) => {
    const y: unknown = layer(x);
    if (y instanceof Tensor) return y;
    throw new ValueError({ where, problem: `${layer.label} gives more than one tensor`, expected: "one, for the block that follows", received: describe(y) }); // prettier-ignore
  };
}

/** A tensor whose value is known and that holds nothing else. */
async function settled(x: Tensor): Promise<Tensor> {
  return dataTensor(await x.data(), x.shape as number[], x.dtype);
}

function targetsIn(block: Layer, chosen: (layer: Layer) => boolean): Target[] {
  const found = new Set<Target>();
  const seen = new Set<Layer>();
  const visit = (layer: Layer): void => {
    if (seen.has(layer)) return;
    seen.add(layer);
    if (layer instanceof ProductLayer && chosen(layer)) found.add(layer as Target);
    layer.sublayers.forEach(visit);
  };
  visit(block);
  return [...found];
}

/**
 * Quantizes the chosen layers in the blocks of a structure, block by block: the data run through a block whose layers are
 * still floats, then the layers are quantized, and what the quantized block gives runs into the next one. Throws ValueError
 * where there is no structure or no layer, StateError for layers that no data reach.
 */
export async function calibrateLayers(
  where: string,
  config: CalibratedQuantizationConfig,
  structure: QuantizationLayerStructure | null,
  chosen: (layer: Layer) => boolean,
): Promise<void> {
  if (structure === null || !Array.isArray(structure.sequentialBlocks) || structure.sequentialBlocks.length === 0)
    throw new ValueError({
      where,
      problem: "in which order data run through the blocks of the model is not known",
      expected: "quantizationLayerStructure: { preBlockLayers, sequentialBlocks } in the configuration",
      received: structure === null ? "no structure" : "no blocks",
      advice: "or let the model's class define getQuantizationLayerStructure(mode)",
    });
  const before = (structure.preBlockLayers ?? []).map((layer) => callable(where, layer));
  const blocks = structure.sequentialBlocks as readonly Layer[];
  const calls = blocks.map((block) => callable(where, block));
  let inputs: Tensor[] = [];
  for (const x of await calibrationInputs(where, config)) inputs.push(await settled(before.reduce((y, layer) => layer(y), x)));
  let count = 0;
  for (const [index, block] of blocks.entries()) {
    const targets = targetsIn(block, chosen);
    const statistics = new Map<object, InputStatistics>();
    const watch = (layer: object, x: Tensor): void => {
      if (!targets.includes(layer as Target)) return;
      const target = layer as Target;
      if (!statistics.has(target)) statistics.set(target, target.inputStatistics(config));
      statistics.get(target)!.add(target.inputRows(x));
    };
    for (const x of targets.length === 0 ? [] : inputs) {
      watchingInputs(watch, () => calls[index]!(x));
      for (const known of statistics.values()) await known.settle();
    }
    for (const target of targets) {
      const known = statistics.get(target);
      if (known === undefined)
        throw new StateError({
          where,
          problem: `no data reach ${target.label}`,
          expected: `a layer that ${block.label} calls`,
          received: "a layer that is only held",
          advice: "leave it out: filters",
        });
      await target.quantizeOn(await known.settle(), config);
      count++;
    }
    if (index + 1 === blocks.length) break;
    const next: Tensor[] = [];
    for (const x of inputs) next.push(await settled(calls[index]!(x)));
    inputs = next;
  }
  if (count > 0) return;
  throw new ValueError({
    where,
    problem: "no layer is quantized",
    expected: "a Dense or EinsumDense in the blocks",
    received: blocks.map(({ label }) => label).join(", ").slice(0, 200), // prettier-ignore
  });
}
