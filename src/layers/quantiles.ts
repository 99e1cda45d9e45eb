/** Quantiles of a stream within a tolerance, from summaries that are merged: what Discretization learns. */

/** Values in ascending order, each standing for a number of elements. */
export interface Summary {
  readonly values: readonly number[];
  readonly weights: readonly number[];
}

/** The summary of nothing. */
export const emptySummary: Summary = { values: [], weights: [] };

/** Every `epsilon`-th part of the values, each with the number of elements it stands for; the first begins after one part, as in Keras 3.4. */
export function summarize(data: ArrayLike<number>, epsilon: number): Summary {
  const sorted = Float32Array.from(data).sort();
  const increment = sorted.length / (1 / epsilon);
  const step = Math.max(increment, 1);
  const values: number[] = [];
  for (let at = Math.trunc(increment); at < sorted.length; at += Math.trunc(step)) values.push(sorted[at]!);
  return { values, weights: values.map(() => Math.fround(step)) };
}

/** Two summaries as one of about 1 / epsilon values. */
export function mergeSummaries(first: Summary, second: Summary, epsilon: number): Summary {
  const pairs = [first, second].flatMap(({ values, weights }) => values.map((value, i) => [value, weights[i]!] as const));
  pairs.sort((a, b) => a[0] - b[0]);
  return compress({ values: pairs.map(([value]) => value), weights: pairs.map(([, weight]) => weight) }, epsilon);
}

/** The `bins - 1` boundaries that divide a summary into parts of equal weight. */
export function binBoundaries(summary: Summary, bins: number): number[] {
  return compress(summary, 1 / bins).values.slice(0, -1);
}

function compress(summary: Summary, epsilon: number): Summary {
  if (summary.values.length * epsilon < 1) return summary;
  const percents: number[] = [];
  for (let i = 0; i < Math.ceil(1 / epsilon); i++) percents.push(epsilon + i * epsilon);
  const cumulative: number[] = [];
  let sum = 0;
  for (const weight of summary.weights) cumulative.push((sum = Math.fround(sum + weight)));
  const shares = cumulative.map((weight) => Math.fround(weight / sum));
  const ends = percents.map((percent) => interpolate(percent, shares, cumulative));
  return {
    values: percents.map((percent) => Math.fround(interpolate(percent, shares, summary.values))),
    weights: ends.map((end, i) => Math.fround(end - (ends[i - 1] ?? 0))),
  };
}

/** Value at x of the polyline through the points, constant outside them. */
function interpolate(x: number, xs: readonly number[], ys: readonly number[]): number {
  if (x >= xs.at(-1)!) return ys.at(-1)!;
  if (x < xs[0]!) return ys[0]!;
  let low = 0;
  for (let high = xs.length - 1; high - low > 1;) {
    const middle = (low + high) >> 1;
    if (xs[middle]! <= x) low = middle;
    else high = middle;
  }
  const slope = (ys[low + 1]! - ys[low]!) / (xs[low + 1]! - xs[low]!);
  return slope * (x - xs[low]!) + ys[low]!;
}
