/** Floating-point operations of a model's contractions, multiply and add counted apart. */
import type { layers, Shape } from "../src/index.ts";
import type { BenchNet } from "./models.ts";

/** Of one sample: forward, and of the first contraction, whose input gradient a training step does not need. */
export interface ModelFlops {
  readonly forward: number;
  readonly first: number;
}

/** Counts dense and convolutional layers. */
export function flopsOf(model: BenchNet): ModelFlops {
  const all = model.layers.map(layerFlops).filter((flops) => flops > 0);
  return { forward: all.reduce((sum, flops) => sum + flops, 0), first: all[0] ?? 0 };
}

function layerFlops(layer: layers.Layer): number {
  const kernel = layer.weights.find(({ path }) => path.endsWith("kernel"))?.shape;
  if (kernel === undefined) return 0;
  const places = (layer.computeOutputShape(layer.buildShape as Shape) as Shape).slice(1, -1);
  return 2 * product(kernel) * product(places);
}

function product(shape: Shape): number {
  return shape.reduce<number>((total, extent) => total * (extent ?? 1), 1);
}
