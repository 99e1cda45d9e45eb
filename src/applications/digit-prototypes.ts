/** Pictures of the ten digits, 7 wide and 12 high: the fixed targets of LeNet-5's output layer. */
import { Layer } from "../layers/layer.ts";
import type { Shape, Tensor } from "../graph/index.ts";
import { ShapeError } from "../errors.ts";
import { formatShape } from "../graph/index.ts";
import type { LayerOptions } from "../layers/layer-options.ts";
import * as ops from "../ops/index.ts";
import { tensor } from "../ops/tensor.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";

/** Rows from the top; a point is background. */
const pictures: readonly (readonly string[])[] = [
  ["..###..", ".##.##.", "##...##", "##...##", "##...##", "##...##", "##...##", "##...##", "##...##", "##...##", ".##.##.", "..###.."],
  ["...##..", "..###..", ".####..", "...##..", "...##..", "...##..", "...##..", "...##..", "...##..", "...##..", "...##..", ".######"],
  [".#####.", "##...##", ".....##", ".....##", "....##.", "....##.", "...##..", "..##...", ".##....", "##.....", "##.....", "#######"],
  [".#####.", "##...##", ".....##", ".....##", ".....##", "..####.", ".....##", ".....##", ".....##", ".....##", "##...##", ".#####."],
  ["....##.", "...###.", "...###.", "..####.", ".##.##.", ".##.##.", "##..##.", "##..##.", "#######", "....##.", "....##.", "....##."],
  ["#######", "##.....", "##.....", "##.....", "######.", ".....##", ".....##", ".....##", ".....##", ".....##", "##...##", ".#####."],
  ["..####.", ".##....", "##.....", "##.....", "##.....", "######.", "##...##", "##...##", "##...##", "##...##", "##...##", ".#####."],
  ["#######", ".....##", ".....##", "....##.", "....##.", "...##..", "...##..", "...##..", "..##...", "..##...", "..##...", "..##..."],
  [".#####.", "##...##", "##...##", "##...##", "##...##", ".#####.", "##...##", "##...##", "##...##", "##...##", "##...##", ".#####."],
  [".#####.", "##...##", "##...##", "##...##", "##...##", ".######", ".....##", ".....##", ".....##", ".....##", "....##.", ".####.."],
];

/** The ten prototypes, row by row: 84 values each, 1 for ink and -1 for background. */
export const digitPrototypes: readonly (readonly number[])[] = /* @__PURE__ */ pictures.map((rows) =>
  [...rows.join("")].map((pixel) => (pixel === "#" ? 1 : -1)),
);

/**
 * `y[k] = -sum over i of (x[i] - prototype[k][i])^2`: minus the penalty of each digit, so that the largest value is the
 * answer. Euclidean radial basis functions without weights to learn: LeCun, Bottou, Bengio, Haffner, "Gradient-based
 * learning applied to document recognition", 1998, equation 7.
 *
 * Shapes: x `[batch, 84]` -> `[batch, 10]`.
 */
export class DigitPrototypesLayer extends Layer {
  static override readonly className: string = "DigitPrototypes";

  constructor(options: LayerOptions = {}) {
    super(options, {});
    this.inputSpec = { rank: 2 };
  }

  override build(inputShape: Shape): void {
    if (inputShape[1] === 84) return;
    throw new ShapeError({
      where: this.label,
      problem: "the prototypes are pictures of 7 by 12",
      expected: "[null, 84]",
      received: formatShape(inputShape),
    });
  }

  override call(x: Tensor): Tensor {
    const difference = ops.subtract(ops.expandDims(x, 1), tensor(digitPrototypes as number[][], { dtype: x.dtype }));
    return ops.negative(ops.sum(ops.square(difference), -1));
  }

  override toJSON(): Config {
    return { ...super.toJSON(), module: "nabla.applications", registered_name: "nabla>DigitPrototypes" };
  }
}

/** Minus the distances to pictures of the digits; see {@link DigitPrototypesLayer}. */
export const DigitPrototypes: CallableClass<typeof DigitPrototypesLayer> = /* @__PURE__ */ callableClass(DigitPrototypesLayer);
export type DigitPrototypes = DigitPrototypesLayer;
