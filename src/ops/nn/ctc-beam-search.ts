/** Prefix search for connectionist temporal classification (Graves 2012, Supervised Sequence Labelling, 7.5), in the graph. */
import { concreteShape, parameterTensor, Subgraph, type Tensor, typeOf } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { sliceAxis } from "../numpy/shaping.ts";
import { broadcast } from "../promote.ts";

/** Stands for log(0). */
const never = -1e30;

/** `log(e^x + e^y)` of finite numbers. */
function logAdd(x: Tensor, y: Tensor): Tensor {
  return P.add(P.maximum(x, y), P.log1p(P.exp(P.negate(P.abs(P.subtract(x, y))))));
}

/** Elements of [b, w, ..] at [b, k] places along axis 1. */
function picked(x: Tensor, at: Tensor): Tensor {
  const shape = concreteShape(x);
  const [batch, count] = concreteShape(at) as [number, number];
  return P.takeAlongAxis(x, P.broadcastInDim(at, [batch, count, ...shape.slice(2)], [0, 1]), 1, "clamp");
}

/**
 * The `topPaths` most probable label sequences among `width` prefixes that are kept at every step.
 * Shapes: log probabilities [b, t, classes], lengths int32 [b] -> int32 [paths, b, t] padded with -1, [b, paths].
 */
export function beamSearch(logs: Tensor, lengths: Tensor, width: number, topPaths: number, blank: number): [Tensor, Tensor] {
  const [batch, time, classes] = concreteShape(logs) as [number, number, number];
  const { dtype } = logs;
  const c = (value: number, shape: readonly number[]): Tensor => broadcast(P.constant(value, dtype), shape);
  const n = (value: number, shape: readonly number[]): Tensor => broadcast(P.constant(value, "int32"), shape);
  const beam = [batch, width];
  const isFirst = P.equal(P.iota(beam, 1, "int32"), n(0, beam));
  // Paths, their lengths, and log probabilities of ending in a blank and in the last label.
  const init = [n(-1, [batch, width, time]), n(0, beam), P.select(isFirst, c(0, beam), c(never, beam)), c(never, beam)];
  const like = (x: Tensor): Tensor => {
    const type = typeOf(x);
    return parameterTensor(type.shape, type.dtype);
  };
  const [paths, sizes, inBlank, inLabel] = init.map(like) as [Tensor, Tensor, Tensor, Tensor];
  const [step, emission, ends] = [
    parameterTensor([], "int32"),
    parameterTensor([batch, classes], dtype),
    parameterTensor([batch], "int32"),
  ];

  const total = logAdd(inBlank, inLabel);
  const one = n(1, beam);
  const lastAt = P.maximum(P.subtract(sizes, one), n(0, beam));
  const last = P.reshape(P.takeAlongAxis(paths, P.reshape(lastAt, [batch, width, 1]), 2, "clamp"), beam);
  const hasLast = P.greater(sizes, n(0, beam));
  const emitted = P.takeAlongAxis(emission, P.maximum(last, n(0, beam)), 1, "clamp");
  const blankLog = P.broadcastInDim(P.reshape(sliceAxis(emission, 1, blank, blank + 1), [batch]), beam, [0]);
  const stayBlank = P.add(total, blankLog);
  const stayLabel = P.select(hasLast, P.add(inLabel, emitted), c(never, beam));

  // Every prefix with one label more. After the same label a blank must have come between.
  const wide = [batch, width, classes];
  const label = P.iota(wide, 2, "int32");
  const isSame = P.and(P.equal(label, P.broadcastInDim(last, wide, [0, 1])), P.broadcastInDim(hasLast, wide, [0, 1]));
  const from = P.select(isSame, P.broadcastInDim(inBlank, wide, [0, 1]), P.broadcastInDim(total, wide, [0, 1]));
  const isBlank = P.equal(label, n(blank, wide));
  const extended = P.select(isBlank, c(never, wide), P.add(from, P.broadcastInDim(emission, wide, [0, 2])));

  // A longer prefix may be kept already: q is p with one label more. Then the two are one.
  const pairs = [batch, width, width];
  const places = [batch, width, width, time];
  const parentSize = P.broadcastInDim(sizes, pairs, [0, 1]);
  const isNext = P.equal(P.add(parentSize, n(1, pairs)), P.broadcastInDim(sizes, pairs, [0, 2]));
  const agrees = P.equal(P.broadcastInDim(paths, places, [0, 1, 3]), P.broadcastInDim(paths, places, [0, 2, 3]));
  const isNewPlace = P.equal(P.iota(places, 3, "int32"), P.broadcastInDim(parentSize, places, [0, 1, 2]));
  const isParent = P.and(isNext, P.reduceAll(P.or(agrees, isNewPlace), [3]));
  const lastOfChild = P.broadcastInDim(P.maximum(last, n(0, beam)), pairs, [0, 2]);
  const through = P.takeAlongAxis(extended, lastOfChild, 2, "clamp");
  const merged = P.reduceMax(P.select(isParent, through, c(never, pairs)), [1]);
  const bothLabel = logAdd(stayLabel, merged);
  const kept = [batch, width, width, classes];
  const isTaken = P.reduceAny(
    P.and(P.broadcastInDim(isParent, kept, [0, 1, 2]), P.equal(P.iota(kept, 3, "int32"), P.broadcastInDim(last, kept, [0, 2]))),
    [2],
  );
  const fresh = P.select(isTaken, c(never, wide), extended);

  const candidates = P.concatenate([logAdd(stayBlank, bothLabel), P.reshape(fresh, [batch, width * classes])], 1);
  const chosen = sliceAxis(P.sort(candidates, 1, true).positions, 1, 0, width);
  const isStay = P.less(chosen, n(width, beam));
  const grown = P.maximum(P.subtract(chosen, n(width, beam)), n(0, beam));
  const parent = P.select(isStay, chosen, P.divide(grown, n(classes, beam)));
  const added = P.remainder(grown, n(classes, beam));
  const parentPaths = picked(paths, parent);
  const parentSizes = P.takeAlongAxis(sizes, parent, 1, "clamp");
  const shape = [batch, width, time];
  const isEnd = P.equal(P.iota(shape, 2, "int32"), P.broadcastInDim(parentSizes, shape, [0, 1]));
  const writes = P.and(isEnd, P.broadcastInDim(P.not(isStay), shape, [0, 1]));
  const nextPaths = P.select(writes, P.broadcastInDim(added, shape, [0, 1]), parentPaths);
  const nextSizes = P.select(isStay, parentSizes, P.add(parentSizes, one));
  const newLabel = P.takeAlongAxis(P.reshape(fresh, [batch, width * classes]), grown, 1, "clamp");
  const nextBlank = P.select(isStay, P.takeAlongAxis(stayBlank, parent, 1, "clamp"), c(never, beam));
  const nextLabel = P.select(isStay, P.takeAlongAxis(bothLabel, parent, 1, "clamp"), newLabel);
  const isOver = P.greaterEqual(broadcast(step, [batch]), ends);
  const hold = (before: Tensor, after: Tensor): Tensor => P.select(P.broadcastInDim(isOver, concreteShape(before), [0]), before, after);
  const body = new Subgraph(
    [paths, sizes, inBlank, inLabel, step, emission, ends],
    [hold(paths, nextPaths), hold(sizes, nextSizes), hold(inBlank, nextBlank), hold(inLabel, nextLabel)],
  );
  const [finalPaths, , finalBlank, finalLabel] = P.scan(body, {
    init,
    xs: [P.iota([time], 0, "int32"), P.transpose(logs, [1, 0, 2])],
    constants: [lengths],
    length: time,
  });
  const scores = P.sort(logAdd(finalBlank!, finalLabel!), 1, true);
  const best = sliceAxis(scores.positions, 1, 0, topPaths);
  const found = P.transpose(picked(finalPaths!, best), [1, 0, 2]);
  return [found, sliceAxis(scores.values, 1, 0, topPaths)];
}
