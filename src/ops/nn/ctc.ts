/** Connectionist temporal classification (Graves et al. 2006): the loss of a label sequence, and decoding. */
import { ShapeError, ValueError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, parameterTensor, Subgraph, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { sliceAxis } from "../numpy/shaping.ts";
import { broadcast, castTo, constantLike, widenedFloat } from "../promote.ts";
import { logSoftmax } from "./activation.ts";
import { beamSearch } from "./ctc-beam-search.ts";

/** Stands for log(0): finite, so that no gradient is NaN. */
const never = -1e30;

function requireShapes(output: Tensor, lengths: readonly Tensor[], target?: Tensor): void {
  const batch = output.shape[0];
  const fits =
    output.rank === 3 &&
    lengths.every((l) => l.rank === 1 && l.shape[0] === batch) &&
    (target === undefined || (target.rank === 2 && target.shape[0] === batch));
  if (fits) return;
  throw new ShapeError({
    where: currentScope(),
    problem: "sequences and their lengths do not fit",
    expected: "output [batch, time, classes], lengths [batch], target [batch, labels]",
    received: [output, ...lengths, ...(target === undefined ? [] : [target])].map((t) => formatShape(t.shape)).join(", "),
  });
}

/** `log(e^x + e^y)` of numbers that are never infinite. */
function logAdd(x: Tensor, y: Tensor): Tensor {
  const value = P.add(P.maximum(x, y), P.log1p(P.exp(P.negate(P.abs(P.subtract(x, y))))));
  return P.withGradient(value, [x, y], (cotangent) => [
    P.multiply(cotangent, P.sigmoid(P.subtract(x, y))),
    P.multiply(cotangent, P.sigmoid(P.subtract(y, x))),
  ]);
}

/** `x[s - by]` along the last axis, `never` before the first. */
function shiftedBy(x: Tensor, by: number): Tensor {
  const [batch, states] = concreteShape(x) as [number, number];
  const front = broadcast(P.constant(never, x.dtype), [batch, Math.min(by, states)]);
  return by >= states ? front : P.concatenate([front, sliceAxis(x, 1, 0, states - by)], 1);
}

/**
 * `-log p(target | output)`, summed over all alignments: labels with blanks (`maskIndex`) between them, each held for one
 * step or more. `output` are logits. Infinity where the label does not fit into the time.
 * Shapes: target int [batch, labels], output [batch, time, classes], lengths int [batch] -> [batch].
 */
export const ctcLoss: (
  target: TensorLike,
  output: TensorLike,
  targetLength: TensorLike,
  outputLength: TensorLike,
  maskIndex?: number | { maskIndex?: number },
) => Tensor = defineOp(
  "ctcLoss",
  (
    target: TensorLike,
    output: TensorLike,
    targetLength: TensorLike,
    outputLength: TensorLike,
    ...rest: [(number | { maskIndex?: number })?]
  ) => {
    const { maskIndex = 0 } = options<{ maskIndex: number }>(["maskIndex"], rest);
    const logits = widenedFloat(output);
    const labels = castTo(asTensor(target), "int32");
    const [labelLength, timeLength] = [castTo(asTensor(targetLength), "int32"), castTo(asTensor(outputLength), "int32")];
    requireShapes(logits, [labelLength, timeLength], labels);
    const [batch, time, classes] = concreteShape(logits) as [number, number, number];
    const count = labels.dim(1);
    const blank = maskIndex < 0 ? maskIndex + classes : maskIndex;
    // blank, label, blank, label, .., blank
    const states = 2 * count + 1;
    const spaced = P.pad(P.reshape(labels, [batch, count]), P.constant(blank, "int32"), [0, 1], [0, 1], [0, 1]);
    const extended = count === 0 ? broadcast(P.constant(blank, "int32"), [batch, 1]) : spaced;
    const index = P.minimum(P.maximum(extended, constantLike(0, extended)), constantLike(classes - 1, extended));
    const logs = logSoftmax(logits, -1);
    const emitted = P.takeAlongAxis(logs, P.broadcastInDim(index, [batch, time, states], [0, 2]), 2, "clamp");
    const byTime = P.transpose(emitted, [1, 0, 2]);
    // A label may follow the one before it directly where the two differ.
    const before = P.concatenate(
      [broadcast(P.constant(-1, "int32"), [batch, Math.min(2, states)]), sliceAxis(extended, 1, 0, Math.max(0, states - 2))],
      1,
    );
    const skips = P.and(P.notEqual(extended, constantLike(blank, extended)), P.notEqual(extended, before));
    const place = P.iota([batch, states], 1, "int32");
    const nowhere = broadcast(P.constant(never, logs.dtype), [batch, states]);
    const isStart = P.less(place, constantLike(2, place));
    const first = P.select(isStart, P.reshape(sliceAxis(byTime, 0, 0, 1), [batch, states]), nowhere);

    const [alpha, step, emission] = [
      parameterTensor([batch, states], logs.dtype),
      parameterTensor([], "int32"),
      parameterTensor([batch, states], logs.dtype),
    ];
    const [mayskip, lengths] = [parameterTensor([batch, states], "bool"), parameterTensor([batch], "int32")];
    const none = broadcast(P.constant(never, logs.dtype), [batch, states]);
    const arriving = logAdd(logAdd(alpha, shiftedBy(alpha, 1)), P.select(mayskip, shiftedBy(alpha, 2), none));
    const isOver = P.broadcastInDim(P.greaterEqual(broadcast(step, [batch]), lengths), [batch, states], [0]);
    const body = new Subgraph([alpha, step, emission, mayskip, lengths], [P.select(isOver, alpha, P.add(arriving, emission))]);
    const later = sliceAxis(byTime, 0, 1, time);
    const steps = P.add(P.iota([time - 1], 0, "int32"), broadcast(P.constant(1, "int32"), [time - 1]));
    const [last] = P.scan(body, { init: [first], xs: [steps, later], constants: [skips, timeLength], length: time - 1 });

    // Ends: the last blank, or the last label.
    const end = P.multiply(labelLength, constantLike(2, labelLength));
    const atEnd = (position: Tensor): Tensor => P.reshape(P.takeAlongAxis(last!, P.reshape(position, [batch, 1]), 1, "clamp"), [batch]);
    const one = constantLike(1, end);
    const hasLabel = P.greater(labelLength, constantLike(0, labelLength));
    const onBlank = atEnd(end);
    const onLabel = P.select(hasLabel, atEnd(P.subtract(end, one)), constantLike(never, onBlank));
    const loss = P.negate(logAdd(onBlank, onLabel));
    return P.select(P.greater(loss, constantLike(1e29, loss)), constantLike(Infinity, loss), loss);
  },
);

/** Options of `ctcDecode`. */
export interface CtcDecodeOptions {
  /** The best class of each step, or a search over prefixes. Default "greedy". */
  strategy?: "greedy" | "beam_search";
  /** Prefixes that the search keeps. Default 100. */
  beamWidth?: number;
  /** How many sequences the search gives. Default 1. */
  topPaths?: number;
  /** Greedy: whether equal classes in a row are one label. Default true. */
  mergeRepeated?: boolean;
  /** The class of the blank. Default 0. */
  maskIndex?: number;
}

/**
 * Label sequences, padded with -1, and their scores: greedy, minus the sum of the largest logits; by beam search, the log
 * probability. Shapes: inputs (logits) [batch, time, classes], lengths int [batch] -> int32 [paths, batch, time], [batch, paths].
 */
export const ctcDecode: (
  inputs: TensorLike,
  sequenceLengths: TensorLike,
  strategy?: CtcDecodeOptions["strategy"] | CtcDecodeOptions,
  beamWidth?: number,
  topPaths?: number,
  mergeRepeated?: boolean,
  maskIndex?: number,
) => [Tensor, Tensor] = defineOp(
  "ctcDecode",
  (
    inputs: TensorLike,
    sequenceLengths: TensorLike,
    ...rest: [(CtcDecodeOptions["strategy"] | CtcDecodeOptions)?, number?, number?, boolean?, number?]
  ): [Tensor, Tensor] => {
    const given = options<CtcDecodeOptions>(["strategy", "beamWidth", "topPaths", "mergeRepeated", "maskIndex"], rest);
    const { strategy = "greedy", beamWidth = 100, topPaths = 1, mergeRepeated = true, maskIndex = 0 } = given;
    const logits = widenedFloat(inputs);
    const lengths = castTo(asTensor(sequenceLengths), "int32");
    requireShapes(logits, [lengths]);
    const classes = logits.dim(2);
    const blank = maskIndex < 0 ? maskIndex + classes : maskIndex;
    if (strategy === "greedy") return greedy(logits, lengths, mergeRepeated, blank);
    if (strategy === "beam_search") {
      if (topPaths < 1 || topPaths > beamWidth) {
        throw new ValueError({
          where: currentScope(),
          problem: "topPaths is no number of the prefixes that are kept",
          expected: `an integer from 1 to beamWidth ${beamWidth}`,
          received: String(topPaths),
        });
      }
      return beamSearch(logSoftmax(logits, -1), lengths, beamWidth, topPaths, blank);
    }
    throw new ValueError({
      where: currentScope(),
      problem: "there is no such strategy",
      expected: '"greedy" or "beam_search"',
      received: JSON.stringify(strategy),
    });
  },
);

function greedy(logits: Tensor, lengths: Tensor, mergeRepeated: boolean, blank: number): [Tensor, Tensor] {
  const [batch, time] = concreteShape(logits) as [number, number, number];
  const best = P.argmax(logits, 2);
  const largest = P.reduceMax(logits, [2]);
  const step = P.iota([batch, time], 1, "int32");
  const isInside = P.less(step, P.broadcastInDim(lengths, [batch, time], [0]));
  const scores = P.negate(P.reduceSum(P.select(isInside, largest, constantLike(0, largest)), [1]));
  let kept = P.and(isInside, P.notEqual(best, constantLike(blank, best)));
  if (mergeRepeated) {
    const before = P.concatenate([broadcast(P.constant(-1, "int32"), [batch, 1]), sliceAxis(best, 1, 0, time - 1)], 1);
    kept = P.and(kept, P.notEqual(best, before));
  }
  // What is kept moves to the front: a stable sort by whether it is.
  const { positions } = P.sort(P.convert(P.not(kept), "int32"), 1);
  const moved = P.takeAlongAxis(P.select(kept, best, constantLike(-1, best)), positions, 1, "clamp");
  return [P.reshape(moved, [1, batch, time]), P.reshape(scores, [batch, 1])];
}
