/** What a layer demands of its input: rank and extents, checked before the layer builds or runs. */
import { ShapeError } from "../errors.ts";
import { formatShape, type Shape } from "../graph/index.ts";
import { checkOptions } from "../serialization/index.ts";

/** Demands on one input. Extents of `axes` are by axis, negative ones counted from the end. */
export interface InputSpec {
  readonly rank?: number;
  readonly minRank?: number;
  readonly maxRank?: number;
  readonly axes?: Readonly<Record<number, number>>;
}

/** Options of InputSpec, by Keras's names. */
export interface InputSpecOptions {
  /** Number of axes. */
  readonly ndim?: number | null;
  readonly minNdim?: number | null;
  readonly maxNdim?: number | null;
  /** Extents of all axes; null where any is fine. */
  readonly shape?: Shape | null;
  /** Extents of some axes, by axis; null where any is fine. */
  readonly axes?: Readonly<Record<number, number | null>> | null;
}

/**
 * Demands on a layer's input, by Keras's names, for `this.inputSpec` in a layer of one's own.
 *
 * @example
 * const sequences = layers.InputSpec({ ndim: 3, axes: { [-1]: 64 } });
 */
export function InputSpec(options: InputSpecOptions): InputSpec {
  checkOptions("InputSpec", options, ["ndim", "minNdim", "maxNdim", "shape", "axes"]);
  const { ndim, minNdim, maxNdim, shape = null, axes } = options;
  const known = Object.entries({ ...shape, ...axes }).filter((entry): entry is [string, number] => entry[1] !== null);
  const rank = ndim ?? shape?.length;
  return {
    ...(rank === undefined ? {} : { rank }),
    ...(typeof minNdim === "number" ? { minRank: minNdim } : {}),
    ...(typeof maxNdim === "number" ? { maxRank: maxNdim } : {}),
    ...(known.length > 0 ? { axes: Object.fromEntries(known) } : {}),
  };
}

/** Throws ShapeError where `shape` does not meet `spec`. */
export function checkInputSpec(where: string, shape: Shape, spec: InputSpec): void {
  if (spec.rank !== undefined && shape.length !== spec.rank) {
    throw new ShapeError({
      where,
      problem: "the input has the wrong number of axes",
      expected: `${spec.rank} axes, the batch first`,
      received: `${formatShape(shape)}, ${shape.length} axes`,
      advice:
        shape.length === spec.rank - 1
          ? "add a batch axis in front or a channel axis at the end (ops.expandDims, or a Reshape layer)"
          : "reshape the input",
    });
  }
  if (spec.minRank !== undefined && shape.length < spec.minRank) {
    throw new ShapeError({
      where,
      problem: "the input has too few axes",
      expected: `at least ${spec.minRank} axes, the batch first`,
      received: formatShape(shape),
      advice: "add a batch axis in front: one sample is a batch of one, shape [1, ...]",
    });
  }
  if (spec.maxRank !== undefined && shape.length > spec.maxRank) {
    throw new ShapeError({
      where,
      problem: "the input has too many axes",
      expected: `at most ${spec.maxRank} axes, the batch first`,
      received: formatShape(shape),
      advice: "reshape the input: leading axes can be joined to one batch",
    });
  }
  for (const [key, extent] of Object.entries(spec.axes ?? {})) {
    const axis = Number(key);
    const received = shape[axis < 0 ? axis + shape.length : axis];
    if (received === null || received === extent) continue;
    const last = axis === -1 || axis === shape.length - 1;
    throw new ShapeError({
      where,
      problem: last ? "the last axis of the input does not match the weights" : `axis ${axis} of the input does not match the weights`,
      expected: `${last ? `[..., ${extent}]` : `${extent} at axis ${axis}`}, fixed when the layer was built`,
      received: formatShape(shape),
      advice: "feed the width it was built with, or make a new layer for this width",
    });
  }
}
