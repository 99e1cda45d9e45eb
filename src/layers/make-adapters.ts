/** The adapters of `enableLora`. */
import { isFloat } from "../dtype/index.ts";
import { StateError, ValueError } from "../errors.ts";
import type { Variable } from "../graph/index.ts";
import { checkOptions } from "../serialization/index.ts";
import type { AdapterRequest } from "./adapter-maker.ts";
import { positiveInteger } from "./layer-options.ts";

/** Makes the variables A `[..., rank]` and B `[rank, n]` beside a weight, which is trained no more. Throws StateError and ValueError. */
export function makeAdapters(request: AdapterRequest): { a: Variable; b: Variable } {
  const { where, rank, options, adapted, isAdapted, dtype, addWeight } = request;
  positiveInteger(where, "rank", rank);
  checkOptions(where, options, ["loraAlpha", "aInitializer", "bInitializer"]);
  const { weight, regularizer, constraint } = adapted;
  if (weight === undefined) {
    throw new StateError({
      where,
      problem: "the layer has no kernel to adapt yet",
      advice: "build it first: build(inputShape), or call it once; or give the option loraRank",
    });
  }
  if (isAdapted) {
    throw new StateError({
      where,
      problem: "the kernel has adapters",
      expected: "one call of enableLora per layer",
      received: "another",
    });
  }
  if (constraint !== null) {
    throw new ValueError({
      where,
      problem: "a kernel with a constraint cannot have adapters, which the constraint would not see",
      expected: "no constraint of the kernel",
      received: constraint.constructor.name,
      advice: "make the layer without it",
    });
  }
  const shared = { dtype: isFloat(weight.dtype) ? weight.dtype : dtype, regularizer };
  const [shape, name] = [adapted.shape ?? weight.shape, `lora_${weight.name}`];
  const a = addWeight({
    ...shared,
    name: `${name}_a`,
    shape: [...shape.slice(0, -1), rank],
    initializer: options.aInitializer ?? "he_uniform",
  });
  const b = addWeight({
    ...shared,
    name: `${name}_b`,
    shape: [rank, shape.at(-1)!],
    initializer: options.bInitializer ?? "zeros",
  });
  weight.trainable = false;
  return { a, b };
}
