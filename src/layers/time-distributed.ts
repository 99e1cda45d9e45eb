/** A layer applied to every time step. */
import { ShapeError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { formatShape, type Shape, trace } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass } from "../serialization/index.ts";
import type { LayerOfTensor, SequenceCall } from "./call-types.ts";
import type { CallOptions, Layer } from "./layer.ts";
import { checkSteps, sequenceSpec } from "./recurrent-layer.ts";
import { layerRegistry } from "./registry.ts";
import { flattenStructure, mapStructure, packStructure } from "./structure.ts";
import { WrapperLayer, type WrapperOptions } from "./wrapper.ts";

/** Options of TimeDistributed. */
export type TimeDistributedOptions = WrapperOptions;

/**
 * `y[:, t] = layer(x[:, t])`, the same layer with the same weights at every step. Layers that look at each sample alone see
 * all steps at once, as one larger batch; layers that do not (batch statistics, states) are called step by step.
 *
 * Shapes: x `[batch, steps, ...]` -> `[batch, steps, ...output of one step]`.
 *
 * @example
 * const y = layers.TimeDistributed({ layer: layers.Conv2D({ filters: 8, kernelSize: 3 }) })(video);
 */
export class TimeDistributedLayer extends WrapperLayer<TimeDistributedOptions> {
  static override readonly className: string = "TimeDistributed";

  constructor(options: TimeDistributedOptions) {
    super(options);
    this.supportsMasking = true;
    this.inputSpec = { minRank: 3 };
  }

  override build(inputShape: Shape): void {
    super.build([inputShape[0] ?? null, ...inputShape.slice(2)]);
    this.inputSpec = sequenceSpec(this.layer.inputSpec);
  }

  override call(x: Tensor, { training = false, mask = null }: CallOptions = {}): unknown {
    checkSteps(this.label, x);
    const steps = x.dim(1);
    const whole = this.#stepMask(mask, x);
    const step = (time: number): unknown => {
      const input = ops.take(x, time, { axis: 1 });
      return this.layer(input, whole === null ? { training } : { training, mask: ops.take(whole, time, { axis: 1 }) });
    };
    if (this.#isSamplewise(() => step(0))) {
      const [batch, time, ...rest] = x.shape as number[];
      const merged = ops.reshape(x, [batch! * time!, ...rest]);
      const outputs = this.layer(merged, whole === null ? { training } : { training, mask: mergeTime(whole) });
      return mapStructure(outputs, (leaf) => {
        const y = leaf as Tensor;
        return ops.reshape(y, [batch!, time!, ...(y.shape.slice(1) as number[])]);
      });
    }
    const outputs = Array.from({ length: steps }, (_, time) => step(time));
    const leaves = outputs.map((output) => flattenStructure(output) as Tensor[]);
    const stacked = leaves[0]!.map((_, i) =>
      ops.stack(
        leaves.map((step) => step[i]!),
        { axis: 1 },
      ),
    );
    return packStructure(outputs[0], stacked);
  }

  /** The mask of all steps, `[batch, time, ...]`: a step sees its own part, `[batch]` where whole steps are masked. */
  #stepMask(mask: CallOptions["mask"], x: Tensor): Tensor | null {
    const whole = (Array.isArray(mask) ? ((mask as readonly (Tensor | null)[])[0] ?? null) : mask) as Tensor | null | undefined;
    if (whole === null || whole === undefined) return null;
    if (whole.rank < 2 || whole.dim(0) !== x.dim(0) || whole.dim(1) !== x.dim(1)) {
      throw new ShapeError({
        where: this.label,
        problem: "the mask does not fit the input",
        expected: `[${x.dim(0)}, ${x.dim(1)}, ...], one entry per step`,
        received: formatShape(whole.shape),
      });
    }
    return whole;
  }

  /** Whether the layer may see all steps as one batch: built in, and nothing in it remembers or counts the batch. */
  #isSamplewise(step: () => unknown): boolean {
    const builtIn = (layer: Layer): boolean =>
      layerRegistry.has(layer.className) &&
      (layerRegistry.classOf(layer.className) as { prototype?: unknown }).prototype === Object.getPrototypeOf(layer) &&
      layer.className !== "Lambda" &&
      layer.sublayers.every(builtIn);
    if (!builtIn(this.layer)) return false;
    // What a step assigns beside the states of seed generators would be assigned once instead of once per step.
    const { updates } = trace(step);
    const weights = new Set(this.layer.weights);
    return ![...updates.keys()].some((variable) => weights.has(variable) || !variable.name.startsWith("seed_generator"));
  }
}

function mergeTime(mask: Tensor): Tensor {
  const [batch, time, ...rest] = mask.shape as number[];
  return ops.reshape(mask, [batch! * time!, ...rest]);
}

type TimeDistributedClass = typeof TimeDistributedLayer & {
  (options: TimeDistributedOptions & { readonly layer: LayerOfTensor }): SequenceCall<Tensor> & TimeDistributedLayer;
  (options: TimeDistributedOptions): TimeDistributedLayer;
};

/** A layer applied to every time step; see {@link TimeDistributedLayer}. */
export const TimeDistributed: TimeDistributedClass = /* @__PURE__ */ callableClass(TimeDistributedLayer) as never;
export type TimeDistributed = TimeDistributedLayer;
