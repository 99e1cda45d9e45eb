/** Floating-point operations of a model's contractions, multiply and add counted apart. */
import type { layers, Shape } from "../src/index.ts";
import type { BenchNet } from "./models.ts";

/** Of one sample: forward, and of the first contraction, whose input gradient a training step does not need. */
export interface ModelFlops {
  readonly forward: number;
  readonly first: number;
}

/** Counts dense, convolutional and recurrent layers. */
export function flopsOf(model: BenchNet): ModelFlops {
  const all = model.layers.map(layerFlops).filter((flops) => flops > 0);
  return { forward: all.reduce((sum, flops) => sum + flops, 0), first: all[0] ?? 0 };
}

function layerFlops(layer: layers.Layer): number {
  const kernels = layer.weights.filter(({ path }) => path.endsWith("kernel"));
  if (kernels.length === 0) return 0;
  // A recurrent layer uses its kernels at every step of time, a convolution at every place of its output.
  const isRecurrent = kernels.some(({ path }) => path.endsWith("recurrent_kernel"));
  const input = layer.buildShape as Shape;
  const places = isRecurrent ? [input[1] ?? 1] : (layer.computeOutputShape(input) as Shape).slice(1, -1);
  return kernels.reduce((sum, { shape }) => sum + 2 * product(shape) * product(places), 0);
}

function product(shape: Shape): number {
  return shape.reduce<number>((total, extent) => total * (extent ?? 1), 1);
}
