/** Indicator vectors of classes. */
import { floatx } from "../../config/index.ts";
import type { DType } from "../../dtype/index.ts";
import { concreteShape, currentScope, normalizeAxis, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { castTo } from "../promote.ts";

/** Options of `oneHot` and `multiHot`. */
export interface OneHotOptions {
  /** Where the class axis goes. Default -1. */
  axis?: number;
  /** Default float32. */
  dtype?: DType | null;
}
type Rest = [(number | OneHotOptions)?, (DType | null)?];

/** 1 where the class axis is at the element's value, else 0; a value outside [0, numClasses) gives zeros. */
export const oneHot: (x: TensorLike, numClasses: number, axis?: number | OneHotOptions, dtype?: DType | null) => Tensor = defineOp(
  "oneHot",
  (x: TensorLike, numClasses: number, ...rest: Rest) => {
    const { axis = -1, dtype = null } = options<OneHotOptions>(["axis", "dtype"], rest);
    const labels = castTo(asTensor(x), "int32");
    const at = normalizeAxis(currentScope(), axis, labels.rank + 1);
    const shape = [...concreteShape(labels)];
    shape.splice(at, 0, numClasses);
    const spread = P.broadcastInDim(
      labels,
      shape,
      concreteShape(labels).map((_, a) => (a < at ? a : a + 1)),
    );
    return P.convert(P.equal(P.iota(shape, at, "int32"), spread), dtype ?? floatx());
  },
);

/**
 * Several classes per row: the largest of the indicator vectors of a row. As in Keras, the axis that holds a row's classes is
 * axis 1 of the indicators, axis 0 where x is a vector. Shapes: x [k] -> [numClasses], [batch, k, ..] -> [batch, .., numClasses].
 */
export const multiHot: (x: TensorLike, numClasses: number, axis?: number | OneHotOptions, dtype?: DType | null) => Tensor = defineOp(
  "multiHot",
  (x: TensorLike, numClasses: number, ...rest: Rest) => {
    const { axis = -1, dtype = null } = options<OneHotOptions>(["axis", "dtype"], rest);
    const labels = castTo(asTensor(x), "int32");
    const single = oneHot(labels, numClasses, { axis, dtype });
    return P.reduceMax(single, [labels.rank > 1 ? 1 : 0]);
  },
);
