/** Arrays of samples held against what is expected of them. */
import type { DType } from "../dtype/index.ts";
import { ShapeError } from "../errors.ts";
import { type ConcreteShape, formatShape, type HostValues, sameSamples, type Shape } from "../graph/index.ts";

/** What an array is for: how errors name it, and what the model expects of it. */
export interface ArrayExpectation {
  /** `input "image"`, `target "digit"`. */
  readonly label: string;
  /** Shape of one batch, null where any extent is fine; null where nothing is expected. */
  readonly shape: Shape | null;
  /** Whether other shapes are taken as they are. */
  readonly anyShape?: boolean;
  /** Dtype that the values are converted to; null keeps the data's (float64 becomes float32). */
  readonly dtype: DType | null;
}

/** `[n]` stands for `[n, 1]` where that is expected, and the other way round. Throws ShapeError where shapes do not fit. */
export function fitted(where: string, host: HostValues, expected: ArrayExpectation): HostValues {
  const shape = expected.shape;
  if (host.shape.length === 0) {
    throw new ShapeError({
      where,
      problem: `the ${expected.label} is a single number`,
      expected: "an array, samples along the first axis",
      received: formatShape(host.shape),
    });
  }
  if (shape === null) return host;
  const fits = (candidate: ConcreteShape): boolean => sameSamples(candidate, shape);
  if (fits(host.shape)) return host;
  const widened = [...host.shape, 1];
  if (fits(widened)) return { ...host, shape: widened };
  const narrower = host.shape.slice(0, -1);
  if (host.shape.at(-1) === 1 && fits(narrower)) return { ...host, shape: narrower };
  if (expected.anyShape === true) return host;
  throw new ShapeError({
    where,
    problem: `the ${expected.label} has the wrong shape`,
    expected: `${formatShape(shape)}, the first axis being the samples`,
    received: formatShape(host.shape),
    advice:
      host.shape.length === shape.length - 1 && fits([1, ...host.shape])
        ? "this is one sample: wrap it in a batch of one, shape [1, ...]"
        : "reshape the data, or give Input the shape of the data",
  });
}
