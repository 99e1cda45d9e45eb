/** Classes of classes. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { tensor } from "../ops/tensor.ts";

/** For every coarse class the fine ones that it is made of; each fine class belongs to one. */
export type Taxonomy = Readonly<Record<string, readonly number[]>>;

/**
 * Probabilities of coarse classes, in the order of the taxonomy: the sums of those of their fine classes. A network that was
 * trained on the fine classes then answers the coarse question: Esteva and others, "Dermatologist-level classification of
 * skin cancer with deep neural networks", 2017, figure 1. Shapes: `[batch, fine]` -> `[batch, coarse]`.
 *
 * @example
 * const coarse = evaluation.coarseProbabilities(fine, { vehicle: [0, 1, 8, 9], animal: [2, 3, 4, 5, 6, 7] });
 */
export function coarseProbabilities(probabilities: TensorLike, taxonomy: Taxonomy): Tensor {
  const fine = ops.convertToTensor(probabilities);
  return ops.matmul(fine, tensor(memberships(taxonomy, fine.dim(-1)), { dtype: fine.dtype }));
}

/** The coarse label of every fine one. Shapes: integers of any shape -> the same. */
export function coarseLabels(labels: TensorLike, taxonomy: Taxonomy, classes: number): Tensor {
  const coarse = memberships(taxonomy, classes).map((row) => row.indexOf(1));
  return ops.take(tensor(Int32Array.from(coarse)), ops.cast(ops.convertToTensor(labels), "int32"));
}

function memberships(taxonomy: Taxonomy, classes: number): number[][] {
  const groups = Object.values(taxonomy);
  const all = groups.flat().sort((a, b) => a - b);
  if (all.length !== classes || all.some((label, i) => label !== i)) {
    throw new ValueError({
      where: "taxonomy",
      problem: "each fine class belongs to one coarse class",
      expected: `0 to ${classes - 1}, each once`,
      received: all.join(", "),
    });
  }
  return Array.from({ length: classes }, (_, label) => groups.map((group) => (group.includes(label) ? 1 : 0)));
}
