/** The call of a layer without state. */
import { isPlainObject } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { statelessCalls } from "../ops/stateless-calls.ts";
import type { Layer } from "./layer.ts";

/** What `layer.statelessCall` gives; `invoke` is its call. */
export function statelessLayerCall(
  layer: Pick<Layer, "label" | "losses" | "trainableVariables" | "nonTrainableVariables">,
  invoke: (args: readonly unknown[]) => unknown,
  trainable: readonly TensorLike[],
  nonTrainable: readonly TensorLike[],
  args: readonly unknown[],
): unknown {
  const where = `${layer.label}.statelessCall`;
  const last = args.at(-1);
  const { returnLosses = false, ...options } = isPlainObject(last) ? last : {};
  const given = [
    { name: "trainableVariables", variables: layer.trainableVariables, values: trainable },
    { name: "nonTrainableVariables", variables: layer.nonTrainableVariables, values: nonTrainable },
  ];
  const { result, after } = statelessCalls.get(where)(where, given, () => {
    const outputs = invoke(isPlainObject(last) && args.length > 1 ? [...args.slice(0, -1), options] : args);
    return returnLosses === true ? [outputs, layer.losses] : [outputs];
  });
  return [result[0], after[1], ...result.slice(1)];
}
