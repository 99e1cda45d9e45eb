/** Streams as `fit`, `evaluate` and `predict` take them. */
import { ValueError } from "../errors.ts";
import { describe } from "../layers/describe.ts";
import type { BatchStream, FitOptions } from "./fit-options.ts";
import { type BatchPreparation, StreamBatches } from "./stream-batches.ts";

/** What goes with arrays only; a stream brings it itself. Throws ValueError. */
export function refuseBeside(where: string, options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === null || value === undefined) continue;
    throw new ValueError({
      where,
      problem: `${name} does not go with a stream of batches`,
      expected: "batches [x, y] or [x, y, sampleWeight]",
      received: describe(value),
      advice: name === "batchSize" ? "dataset.batch(size) makes the batches" : `let the stream bring it`,
    });
  }
}

/** The stream that a model is trained on. Throws ValueError where it has no end, or cannot begin again and has to. */
export async function trainingStream(
  where: string,
  source: BatchStream,
  y: unknown,
  options: FitOptions,
  epochs: number,
  preparation: BatchPreparation,
): Promise<StreamBatches> {
  const { sampleWeight, batchSize, validationSplit, stepsPerEpoch } = options;
  refuseBeside(where, { y, sampleWeight, batchSize, validationSplit: validationSplit === 0 ? null : validationSplit });
  const stream = new StreamBatches(where, source, { targets: true, wraps: stepsPerEpoch != null }, preparation);
  if (stepsPerEpoch == null && stream.steps === Infinity) {
    throw new ValueError({
      where,
      problem: "the data has no end",
      expected: "stepsPerEpoch: how many steps make an epoch",
      received: "stepsPerEpoch null",
      advice: "give stepsPerEpoch, or leave repeat() out: every epoch reads the data anew",
    });
  }
  if (!stream.repeats && stepsPerEpoch == null && epochs > 1) {
    throw new ValueError({
      where,
      problem: "a generator that has begun cannot begin again",
      expected: "one epoch, or stepsPerEpoch",
      received: `${epochs} epochs`,
      advice: "pass the generator function itself, which is called for every epoch",
    });
  }
  await stream.peek();
  return stream;
}

/** How a stream is read once. */
export interface StreamReading {
  /** Whether lists of two or three arrays are inputs, targets and weights. */
  readonly targets: boolean;
  /** Most batches to take, and the option that says so. */
  readonly limit: number | null;
  readonly limitName: "steps" | "validationSteps";
}

/** A stream that is read once, for evaluation or prediction. Throws ValueError where it has no end and there is no limit. */
export async function openStream(
  where: string,
  source: BatchStream,
  { targets, limit, limitName }: StreamReading,
  preparation: BatchPreparation,
): Promise<StreamBatches> {
  const stream = new StreamBatches(where, source, { targets, wraps: false }, preparation);
  if (stream.steps === Infinity && limit === null) {
    const expected = limitName === "steps" ? "steps: how many batches to take" : limitName;
    throw new ValueError({ where, problem: "the data has no end", expected, received: `${limitName} null` });
  }
  await stream.peek();
  return stream;
}
