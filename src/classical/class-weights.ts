/** Weights of classes. */
import { ValueError } from "../errors.ts";
import type { Classes } from "./estimator.ts";

/** Weights by class label (1 where none is given); "balanced": inverse to the classes' frequencies; null: all 1. */
export type ClassWeight = "balanced" | Readonly<Record<number, number>> | null;

/** A weight for each class. Throws ValueError for a label that is no class and for weights that are not positive. */
export function weightsOfClasses(where: string, { classes, codes }: Classes, classWeight: ClassWeight): Float64Array {
  const weights = new Float64Array(classes.length).fill(1);
  if (classWeight === null) return weights;
  if (classWeight === "balanced") {
    const counts = new Float64Array(classes.length);
    for (const code of codes) counts[code]!++;
    return counts.map((count) => codes.length / (classes.length * count));
  }
  if (typeof classWeight !== "object")
    throw new ValueError({
      where,
      problem: "classWeight has no such choice",
      expected: '"balanced", null, or an object of weights by class label',
      received: String(classWeight),
    });
  for (const [label, weight] of Object.entries(classWeight)) {
    const code = classes.indexOf(Number(label));
    if (code < 0)
      throw new ValueError({
        where,
        problem: `classWeight names a class that y does not hold`,
        expected: classes.join(", "),
        received: label,
      });
    if (!(weight > 0 && Number.isFinite(weight)))
      throw new ValueError({
        where,
        problem: `the weight of class ${label} does not make sense`,
        expected: "a finite number above 0",
        received: String(weight),
      });
    weights[code] = weight;
  }
  return weights;
}
