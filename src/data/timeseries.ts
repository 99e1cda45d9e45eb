/** Sequences cut out of a time series. */
import { type DType, hostArray } from "../dtype/index.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { dataTensor, type HostData, type HostValues, hostValues, isHostTypedArray, sizeOf, Tensor } from "../graph/index.ts";
import { makeDefaultSeed } from "../random/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { Dataset } from "./dataset.ts";
import { shuffled } from "./random-indices.ts";

/** Options of `timeseriesDatasetFromArray`. */
export interface TimeseriesOptions {
  /** Steps between the beginnings of two sequences. Default 1. */
  readonly sequenceStride?: number;
  /** Steps between two entries of a sequence. Default 1. */
  readonly samplingRate?: number;
  /** Sequences per batch; null: single sequences. Default 128. */
  readonly batchSize?: number | null;
  /** Whether the sequences come in random order, the same at every pass. Default false. */
  readonly shuffle?: boolean;
  readonly seed?: number | null;
  /** First step that is used. Default: the first. */
  readonly startIndex?: number | null;
  /** The step after the last one that is used. Default: the end. */
  readonly endIndex?: number | null;
}

/**
 * Sequences of `sequenceLength` entries that begin at every `sequenceStride`-th step, with the target of the step at which
 * each begins: elements `[sequences, targets]`, or sequences alone where `targets` is null.
 *
 * Shapes: data [steps, ...], targets [n, ...] -> [batch, sequenceLength, ...], [batch, ...].
 *
 * @example
 * // What comes three steps after the beginning of two steps.
 * const training = utils.timeseriesDatasetFromArray([1, 2, 3, 4, 5, 6], [4, 5, 6], 2, { batchSize: 2 });
 */
export function timeseriesDatasetFromArray(
  data: Tensor | HostData,
  targets: null,
  sequenceLength: number,
  options?: TimeseriesOptions,
): Dataset<Tensor>;
export function timeseriesDatasetFromArray(
  data: Tensor | HostData,
  targets: Tensor | HostData,
  sequenceLength: number,
  options?: TimeseriesOptions,
): Dataset<readonly [sequences: Tensor, targets: Tensor]>;
export function timeseriesDatasetFromArray(
  data: Tensor | HostData,
  targets: Tensor | HostData | null,
  sequenceLength: number,
  options?: TimeseriesOptions,
): Dataset;
export function timeseriesDatasetFromArray(
  data: Tensor | HostData,
  targets: Tensor | HostData | null,
  sequenceLength: number,
  options: TimeseriesOptions = {},
): Dataset {
  const where = "timeseriesDatasetFromArray";
  checkOptions(where, options, ["sequenceStride", "samplingRate", "batchSize", "shuffle", "seed", "startIndex", "endIndex"]);
  const series = arrayOf(where, "data", data);
  const steps = series.shape[0]!;
  const goals = targets === null ? null : arrayOf(where, "targets", targets);
  const length = whole(where, "sequenceLength", sequenceLength, 1, Infinity);
  const stride = whole(where, "sequenceStride", options.sequenceStride ?? 1, 1, steps - 1);
  const rate = whole(where, "samplingRate", options.samplingRate ?? 1, 1, steps - 1);
  const start = whole(where, "startIndex", options.startIndex ?? 0, 0, steps - 1);
  const end = options.endIndex == null ? steps : whole(where, "endIndex", options.endIndex, start + 1, steps - 1);
  const possible = end - start - (length - 1) * rate;
  const usable = goals === null ? possible : Math.min(possible, goals.shape[0]!);
  const count = Math.max(0, Math.ceil(usable / stride));
  const order = options.shuffle === true ? shuffled(count, options.seed ?? makeDefaultSeed(), 0) : null;
  const batchSize = options.batchSize === undefined ? 128 : options.batchSize;

  const at = (position: number): number => (order === null ? position : order[position]!) * stride;
  const row = sizeOf(series.shape.slice(1));
  const width = goals === null ? 0 : sizeOf(goals.shape.slice(1));
  const elements = (first: number, size: number): Tensor | readonly Tensor[] => {
    const sequences = hostArray(series.dtype, size * length * row);
    const wanted = goals === null ? null : hostArray(goals.dtype, size * width);
    for (let i = 0; i < size; i++) {
      const begin = at(first + i);
      for (let entry = 0; entry < length; entry++) {
        const from = (start + begin + entry * rate) * row;
        sequences.set(series.values.subarray(from, from + row), (i * length + entry) * row);
      }
      wanted?.set(goals!.values.subarray(begin * width, (begin + 1) * width), i * width);
    }
    const lead = batchSize === null ? [] : [size];
    const x = dataTensor(sequences, [...lead, length, ...series.shape.slice(1)], series.dtype);
    return wanted === null ? x : [x, dataTensor(wanted, [...lead, ...goals!.shape.slice(1)], goals!.dtype)];
  };
  const size = batchSize === null ? 1 : whole(where, "batchSize", batchSize, 1, Infinity);
  return Dataset.range(Math.ceil(count / size)).map((index) => {
    const first = (index as Tensor).node.values[0]![0]! * size;
    return elements(first, Math.min(size, count - first));
  });
}

function arrayOf(where: string, what: string, data: Tensor | HostData): HostValues {
  if (data instanceof Tensor) {
    const values = data.node.values[data.index];
    if (values === undefined)
      throw new ValueError({
        where,
        problem: `the ${what} must be computed first`,
        expected: "an array",
        advice: `await ${what}.data() first`,
      });
    return checked(where, what, { values, shape: data.shape as readonly number[], dtype: data.dtype });
  }
  const dtype: DType | undefined = isHostTypedArray(data) && data instanceof Float64Array ? "float32" : undefined;
  return checked(where, what, hostValues(`${where}: ${what}`, data, { dtype }));
}

function checked(where: string, what: string, host: HostValues): HostValues {
  if (host.shape.length > 0) return host;
  throw new ShapeError({
    where,
    problem: `the ${what} is a single number`,
    expected: "an array, steps along the first axis",
    received: "[]",
  });
}

function whole(where: string, name: string, value: unknown, least: number, most: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ValueError({
    where,
    problem: `${name} is out of range`,
    expected: most === Infinity ? `a whole number, at least ${least}` : `a whole number from ${least} to ${most}`,
    received: String(value),
  });
}
