/** Probabilities from decision values. */

/** `P(positive | f) = 1 / (1 + exp(a f + b))`. */
export interface Sigmoid {
  readonly a: number;
  readonly b: number;
}

/**
 * The sigmoid of the largest likelihood for decision values and their classes (+1, -1), with Platt's softened targets, by
 * Newton's method with backtracking. J. Platt, "Probabilistic outputs for support vector machines", 1999; H.-T. Lin,
 * C.-J. Lin, R. Weng, "A note on Platt's probabilistic outputs", 2007, algorithm 1.
 */
export function fitSigmoid(decisions: ArrayLike<number>, signs: ArrayLike<number>): Sigmoid {
  const count = decisions.length;
  let positives = 0;
  for (let i = 0; i < count; i++) if (signs[i]! > 0) positives++;
  const negatives = count - positives;
  const targets = Float64Array.from({ length: count }, (_, i) => (signs[i]! > 0 ? (positives + 1) / (positives + 2) : 1 / (negatives + 2)));
  const loss = (a: number, b: number): number => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const z = decisions[i]! * a + b;
      // log(1 + exp(..)) without overflow.
      sum += z >= 0 ? targets[i]! * z + Math.log1p(Math.exp(-z)) : (targets[i]! - 1) * z + Math.log1p(Math.exp(z));
    }
    return sum;
  };
  let a = 0;
  let b = Math.log((negatives + 1) / (positives + 1));
  let value = loss(a, b);
  for (let iteration = 0; iteration < 100; iteration++) {
    // A little on the diagonal keeps the Hessian invertible.
    let [haa, hab, hbb, ga, gb] = [1e-12, 0, 1e-12, 0, 0];
    for (let i = 0; i < count; i++) {
      const f = decisions[i]!;
      const p = probabilityOf({ a, b }, f);
      const curvature = p * (1 - p);
      haa += f * f * curvature;
      hab += f * curvature;
      hbb += curvature;
      ga += f * (targets[i]! - p);
      gb += targets[i]! - p;
    }
    if (Math.abs(ga) < 1e-5 && Math.abs(gb) < 1e-5) break;
    const determinant = haa * hbb - hab * hab;
    const da = -(hbb * ga - hab * gb) / determinant;
    const db = -(haa * gb - hab * ga) / determinant;
    const slope = ga * da + gb * db;
    let step = 1;
    for (; step >= 1e-10; step /= 2) {
      const next = loss(a + step * da, b + step * db);
      if (next >= value + 1e-4 * step * slope) continue;
      [a, b, value] = [a + step * da, b + step * db, next];
      break;
    }
    if (step < 1e-10) break;
  }
  return { a, b };
}

/** Probability of the positive class at a decision value. */
export function probabilityOf({ a, b }: Sigmoid, decision: number): number {
  const z = a * decision + b;
  return z >= 0 ? Math.exp(-z) / (1 + Math.exp(-z)) : 1 / (1 + Math.exp(z));
}

/**
 * Class probabilities p from those of all pairs, `r[i][j] ~ p_i / (p_i + p_j)`: the p that minimizes
 * `sum_i sum_{j != i} (r_ji p_i - r_ij p_j)^2` with sum 1, by its fixed-point equation. T.-F. Wu, C.-J. Lin, R. Weng,
 * "Probability estimates for multi-class classification by pairwise coupling", JMLR 2004, algorithm 2.
 */
export function coupled(pairwise: readonly Float64Array[]): Float64Array {
  const count = pairwise.length;
  const p = new Float64Array(count).fill(1 / count);
  const q = pairwise.map((_, i) =>
    Float64Array.from({ length: count }, (_, j) => {
      if (i !== j) return -pairwise[j]![i]! * pairwise[i]![j]!;
      let sum = 0;
      for (let other = 0; other < count; other++) if (other !== i) sum += pairwise[other]![i]! ** 2;
      return sum;
    }),
  );
  const product = new Float64Array(count);
  for (let round = 0; round < Math.max(100, count); round++) {
    let quadratic = 0;
    for (let i = 0; i < count; i++) {
      product[i] = 0;
      for (let j = 0; j < count; j++) product[i]! += q[i]![j]! * p[j]!;
      quadratic += p[i]! * product[i]!;
    }
    if (product.every((value) => Math.abs(value - quadratic) < 0.005 / count)) break;
    for (let i = 0; i < count; i++) {
      const difference = (quadratic - product[i]!) / q[i]![i]!;
      p[i]! += difference;
      quadratic = (quadratic + difference * (difference * q[i]![i]! + 2 * product[i]!)) / (1 + difference) ** 2;
      for (let j = 0; j < count; j++) {
        product[j] = (product[j]! + difference * q[i]![j]!) / (1 + difference);
        p[j]! /= 1 + difference;
      }
    }
  }
  return p;
}
