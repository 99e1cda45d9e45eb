/** What operations on images share: a batch in channels-last order, and back to what the user has. */
import { imageDataFormat } from "../../config/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import type { DataFormat } from "../nn/window-arguments.ts";

/** Images as [batch, spatial.., channels], and how results go back. */
export interface Images {
  readonly batch: Tensor;
  /** A result [batch, spatial.., channels] in the user's order of axes, without the batch axis where there was none. */
  readonly restore: (x: Tensor) => Tensor;
}

/** Throws ValueError for a data format that does not exist. */
export function isChannelsFirst(given: DataFormat | null | undefined): boolean {
  const dataFormat = given ?? imageDataFormat();
  if (dataFormat === "channels_first") return true;
  if (dataFormat === "channels_last") return false;
  throw new ValueError({
    where: currentScope(),
    problem: "there is no such data format",
    expected: '"channels_last" or "channels_first"',
    received: JSON.stringify(dataFormat),
  });
}

/** Images of `spatialRank` axes with channels, batched or not, as a batch in channels-last order. */
export function imagesOf(images: TensorLike, dataFormat?: DataFormat | null, spatialRank = 2): Images {
  const given = asTensor(images);
  const first = isChannelsFirst(dataFormat);
  if (given.rank !== spatialRank + 1 && given.rank !== spatialRank + 2) {
    throw new ShapeError({
      where: currentScope(),
      problem: "these are no images",
      expected: `${spatialRank + 1} axes (one image) or ${spatialRank + 2} (a batch)`,
      received: formatShape(given.shape),
    });
  }
  const single = given.rank === spatialRank + 1;
  const t = single ? P.reshape(given, [1, ...concreteShape(given)]) : given;
  const spatial = Array.from({ length: spatialRank }, (_, i) => i);
  const batch = first ? P.transpose(t, [0, ...spatial.map((i) => i + 2), 1]) : t;
  return {
    batch,
    restore: (x) => {
      const ordered = first ? P.transpose(x, [0, x.rank - 1, ...Array.from({ length: x.rank - 2 }, (_, i) => i + 1)]) : x;
      return single ? P.reshape(ordered, concreteShape(ordered).slice(1)) : ordered;
    },
  };
}

/** Throws ShapeError unless images have `channels` channels. */
export function requireChannels(x: Tensor, channels: readonly number[]): void {
  if (channels.includes(x.dim(-1))) return;
  throw new ShapeError({
    where: currentScope(),
    problem: "the images have the wrong number of channels",
    expected: channels.join(" or "),
    received: `${x.dim(-1)} in ${formatShape(x.shape)}`,
  });
}

/** One of `names`, else ValueError. */
export function requireName(what: string, value: string, names: readonly string[]): void {
  if (names.includes(value)) return;
  throw new ValueError({
    where: currentScope(),
    problem: `there is no such ${what}`,
    expected: names.join(", "),
    received: JSON.stringify(value),
  });
}
