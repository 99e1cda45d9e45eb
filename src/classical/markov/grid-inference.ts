/** What the labels of a grid are, given what was seen of each. */
import type { RandomNumbers } from "../../data/random-numbers.ts";

/** One image: `P(x) ~ exp(sum_i unary_i(x_i) + sum_pairs coupling [x_i = x_j])`. */
export interface Grid {
  readonly height: number;
  readonly width: number;
  readonly labels: number;
  /** `[pixels, labels]`. */
  readonly unary: Float64Array;
  readonly offsets: readonly (readonly [down: number, right: number])[];
  readonly couplings: Float64Array;
}

/** The log chances of a pixel's labels, given all others, up to a constant. */
function conditional(
  { height, width, labels, unary, offsets, couplings }: Grid,
  x: Int32Array,
  row: number,
  column: number,
  out: Float64Array,
): void {
  const i = row * width + column;
  for (let label = 0; label < labels; label++) out[label] = unary[i * labels + label]!;
  for (let k = 0; k < offsets.length; k++) {
    const [down, right] = offsets[k]!;
    if (row + down < height && column + right >= 0 && column + right < width) out[x[i + down * width + right]!]! += couplings[k]!;
    if (row - down >= 0 && column - right >= 0 && column - right < width) out[x[i - down * width - right]!]! += couplings[k]!;
  }
}

/** Iterated conditional modes: J. Besag, "On the statistical analysis of dirty pictures", 1986. A local maximum. */
export function iteratedConditionalModes(grid: Grid, seen: Int32Array, sweeps: number, marginals: Float64Array): void {
  const { height, width, labels } = grid;
  const x = seen.slice();
  const logits = new Float64Array(labels);
  for (let sweep = 0, changed = true; changed && sweep < sweeps; sweep++) {
    changed = false;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        conditional(grid, x, row, column, logits);
        // What stands there stays where another is only as likely.
        let best = x[row * width + column]!;
        for (let label = 0; label < labels; label++) if (logits[label]! > logits[best]!) best = label;
        if (best !== x[row * width + column]) changed = true;
        x[row * width + column] = best;
      }
    }
  }
  marginals.fill(0);
  x.forEach((label, i) => (marginals[i * labels + label] = 1));
}

/**
 * Gibbs sampling: S. Geman, D. Geman, 1984. Marginals are averages of the conditional chances (which vary less than the
 * labels drawn) over the sweeps after the first quarter.
 */
export function gibbs(grid: Grid, seen: Int32Array, sweeps: number, random: RandomNumbers, marginals: Float64Array): void {
  const { height, width, labels } = grid;
  const x = seen.slice();
  const chances = new Float64Array(labels);
  const burnIn = Math.ceil(sweeps / 4);
  marginals.fill(0);
  for (let sweep = 0; sweep < burnIn + sweeps; sweep++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        conditional(grid, x, row, column, chances);
        let largest = -Infinity;
        for (let label = 0; label < labels; label++) largest = Math.max(largest, chances[label]!);
        let total = 0;
        for (let label = 0; label < labels; label++) total += chances[label] = Math.exp(chances[label]! - largest);
        let left = random.uniform() * total;
        let drawn = 0;
        while (drawn < labels - 1 && (left -= chances[drawn]!) >= 0) drawn++;
        const i = row * width + column;
        x[i] = drawn;
        if (sweep >= burnIn)
          for (let label = 0; label < labels; label++) marginals[i * labels + label]! += chances[label]! / total / sweeps;
      }
    }
  }
}

/**
 * Sum-product messages along all edges at once, until none changes by more than 1e-4: exact on trees, an approximation on
 * grids (J. Pearl, 1988; K. Murphy, Y. Weiss, M. Jordan, "Loopy belief propagation", 1999). `damping`: share of the old
 * message that is kept.
 */
export function beliefPropagation(grid: Grid, sweeps: number, damping: number, marginals: Float64Array): void {
  const { height, width, labels, unary, offsets, couplings } = grid;
  const pixels = height * width;
  const directions = offsets.flatMap(([down, right], k) => [
    { down, right, coupling: couplings[k]!, back: 2 * k + 1 },
    { down: -down, right: -right, coupling: couplings[k]!, back: 2 * k },
  ]);
  /** Log messages that arrive at a pixel, by the direction they travel in. */
  let messages = directions.map(() => new Float64Array(pixels * labels));
  const belief = new Float64Array(pixels * labels);
  const chances = new Float64Array(labels);
  const sum = (): void => {
    belief.set(unary);
    for (const message of messages) for (let i = 0; i < belief.length; i++) belief[i]! += message[i]!;
  };
  for (let sweep = 0; sweep < sweeps; sweep++) {
    sum();
    let largestChange = 0;
    const next = directions.map(() => new Float64Array(pixels * labels));
    directions.forEach(({ down, right, coupling, back }, direction) => {
      const factor = Math.exp(coupling) - 1;
      for (let row = Math.max(0, -down); row < Math.min(height, height - down); row++) {
        for (let column = Math.max(0, -right); column < Math.min(width, width - right); column++) {
          const from = (row * width + column) * labels;
          const to = ((row + down) * width + column + right) * labels;
          // What the receiver told the sender is left out.
          let largest = -Infinity;
          for (let label = 0; label < labels; label++) {
            const value = belief[from + label]! - messages[back]![from + label]!;
            chances[label] = value;
            if (value > largest) largest = value;
          }
          let total = 0;
          for (let label = 0; label < labels; label++) total += chances[label] = Math.exp(chances[label]! - largest);
          // sum_k p_k e^(w [k = label]) = total + (e^w - 1) p_label, its mean log taken away.
          let mean = 0;
          for (let label = 0; label < labels; label++) mean += chances[label] = Math.log(total + factor * chances[label]!);
          mean /= labels;
          for (let label = 0; label < labels; label++) {
            const before = messages[direction]![to + label]!;
            const now = damping * before + (1 - damping) * (chances[label]! - mean);
            next[direction]![to + label] = now;
            largestChange = Math.max(largestChange, Math.abs(now - before));
          }
        }
      }
    });
    messages = next;
    if (largestChange < 1e-4) break;
  }
  sum();
  for (let i = 0; i < pixels; i++) {
    let largest = -Infinity;
    for (let label = 0; label < labels; label++) largest = Math.max(largest, belief[i * labels + label]!);
    let total = 0;
    for (let label = 0; label < labels; label++) total += marginals[i * labels + label] = Math.exp(belief[i * labels + label]! - largest);
    for (let label = 0; label < labels; label++) marginals[i * labels + label]! /= total;
  }
}
