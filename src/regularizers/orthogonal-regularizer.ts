/** A penalty on vectors that are not orthogonal. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Tensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { divide, multiply, subtract } from "../ops/numpy/arithmetic.ts";
import { eye } from "../ops/numpy/create.ts";
import { abs } from "../ops/numpy/elementwise.ts";
import { matmul } from "../ops/numpy/matmul.ts";
import { normalize } from "../ops/nn/normalization.ts";
import { sum } from "../ops/numpy/reduce.ts";
import { transpose } from "../ops/numpy/shaping.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { checkFactor, Regularizer } from "./regularizer.ts";

/** Options of OrthogonalRegularizer. */
export interface OrthogonalRegularizerOptions {
  /** Default 0.01. */
  factor?: number;
  /** Which vectors of the matrix. Default "rows". */
  mode?: "rows" | "columns";
}
/** `factor * mean |cosine|` over pairs of rows (or columns) of a matrix. Throws ShapeError for other ranks. */
export class OrthogonalRegularizerClass extends Regularizer {
  static override readonly className: string = "OrthogonalRegularizer";
  readonly factor: number;
  readonly mode: "rows" | "columns";
  constructor(options: OrthogonalRegularizerOptions = {}) {
    super();
    checkOptions("regularizers.OrthogonalRegularizer", options, ["factor", "mode"]);
    this.factor = Math.fround(checkFactor("factor", options.factor ?? 0.01));
    this.mode = options.mode ?? "rows";
    if (this.mode !== "rows" && this.mode !== "columns") {
      throw new ValueError({
        where: "regularizers.OrthogonalRegularizer",
        problem: "there is no such mode",
        expected: '"rows" or "columns"',
        received: JSON.stringify(this.mode),
      });
    }
  }
  override call(x: TensorLike): Tensor {
    const t = asTensor(x);
    if (t.rank !== 2)
      throw new ShapeError({ where: "regularizers.OrthogonalRegularizer", problem: "needs a matrix", received: formatShape(t.shape) });
    const rows = this.mode === "rows";
    const unit = normalize(t, rows ? 1 : 0);
    const size = t.dim(rows ? 0 : 1);
    const products = rows ? matmul(unit, transpose(unit)) : matmul(transpose(unit), unit);
    const others = multiply(products, subtract(1, eye(size)));
    const pairs = Math.max(1, (size * (size - 1)) / 2);
    return divide(multiply(multiply(sum(abs(others)), 0.5), this.factor), pairs);
  }
  protected override options(): Record<string, unknown> {
    return { factor: this.factor, mode: this.mode };
  }
}
/** `factor * mean |cosine|` over pairs of rows (or columns) of a matrix. */
export const OrthogonalRegularizer: CallableClass<typeof OrthogonalRegularizerClass> =
  /* @__PURE__ */ callableClass(OrthogonalRegularizerClass);
export type OrthogonalRegularizer = OrthogonalRegularizerClass;
