/** The layers of a model by name and by position. */
import { nearestNames, UnknownNameError, ValueError } from "../errors.ts";
import type { Layer } from "../layers/layer.ts";

/** The layer of this name, or at this position. Throws UnknownNameError with the nearest names. */
export function layerCalled(where: string, layers: readonly Layer[], nameOrIndex: string | number): Layer {
  if (typeof nameOrIndex === "number") {
    const layer = layers.at(nameOrIndex);
    if (layer !== undefined) return layer;
    throw new ValueError({
      where,
      problem: "there is no layer at this position",
      expected: `0 to ${layers.length - 1}`,
      received: String(nameOrIndex),
    });
  }
  const found = layers.find(({ name }) => name === nameOrIndex);
  if (found !== undefined) return found;
  const names = layers.map(({ name }) => name);
  const near = nearestNames(nameOrIndex, names);
  throw new UnknownNameError({
    where,
    problem: "no layer has this name",
    expected: names.join(", "),
    received: JSON.stringify(nameOrIndex),
    ...(near.length > 0 ? { advice: `perhaps "${near[0]!}"` } : {}),
  });
}
