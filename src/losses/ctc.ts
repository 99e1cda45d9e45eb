/** Connectionist temporal classification. */
import { ShapeError } from "../errors.ts";
import { formatShape, type Tensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { defineOp } from "../ops/define-op.ts";
import { ctcLoss } from "../ops/nn/ctc.ts";
import { notEqual } from "../ops/numpy/arithmetic.ts";
import { full } from "../ops/numpy/create.ts";
import { cast } from "../ops/numpy/elementwise.ts";
import { sum } from "../ops/numpy/reduce.ts";
import { toFloat } from "../ops/promote.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Loss, type LossFunction, type LossOptions } from "./loss.ts";

/**
 * `-log p(labels | logits)`, summed over all alignments in time. Label 0 is the blank: it fills up short label sequences.
 * Graves et al. 2006, ICML. Shapes: labels int [batch, n], logits [batch, time, classes] -> [batch].
 */
export const ctc: LossFunction = defineOp("ctc", (yTrue: TensorLike, yPred: TensorLike) => {
  const [labels, logits] = [cast(asTensor(yTrue), "int32"), toFloat(yPred)];
  if (labels.rank !== 2 || logits.rank !== 3) {
    throw new ShapeError({
      where: "losses.ctc",
      problem: "labels and logits do not have the shapes of sequences",
      expected: "labels [batch, n], logits [batch, time, classes]",
      received: `${formatShape(labels.shape)}, ${formatShape(logits.shape)}`,
    });
  }
  const used = sum(cast(notEqual(labels, 0), "int32"), -1);
  return ctcLoss(labels, logits, used, full([labels.dim(0)], logits.dim(1), "int32"));
});
/** Loss of label sequences whose place in time is not known. */
export class CTCLoss extends Loss {
  static override readonly className: string = "CTC";
  constructor(options: LossOptions = {}) {
    super("ctc", options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return ctc(yTrue, yPred);
  }
}
/** Loss of label sequences whose place in time is not known. */
export const CTC: CallableClass<typeof CTCLoss> = /* @__PURE__ */ callableClass(CTCLoss);
export type CTC = CTCLoss;
