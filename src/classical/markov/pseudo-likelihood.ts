/** How likely each pixel is, given its neighbours. */

/** Images of labels, and the form of the field. */
export interface PseudoLikelihoodParts {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly labels: Int32Array;
  readonly nLabels: number;
  readonly offsets: readonly (readonly [down: number, right: number])[];
  readonly isPerPixel: boolean;
  readonly l2: number;
}

/** A function to be minimized. */
export interface Objective {
  readonly size: number;
  readonly evaluate: (parameters: Float64Array, gradient: Float64Array) => number;
}

/**
 * `- mean_i log P(x_i | neighbours) + l2 |parameters|^2` with its gradient; parameters: fields, then couplings. P is a
 * softmax over labels of `h_i(label) + sum_offsets w (neighbours that have the label)`.
 */
export function pseudoLikelihood(parts: PseudoLikelihoodParts): Objective {
  const { count, height, width, labels, nLabels, offsets, isPerPixel, l2 } = parts;
  const pixels = height * width;
  const fields = isPerPixel ? pixels * nLabels : nLabels;
  const size = fields + offsets.length;
  // Positions of the two neighbours of each kind, or -1 outside the image.
  const neighbours = new Int32Array(pixels * offsets.length * 2).fill(-1);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      offsets.forEach(([down, right], k) => {
        for (const [side, sign] of [1, -1].entries()) {
          const [r, c] = [row + sign * down, column + sign * right];
          if (r >= 0 && r < height && c >= 0 && c < width)
            neighbours[((row * width + column) * offsets.length + k) * 2 + side] = r * width + c;
        }
      });
    }
  }
  const logits = new Float64Array(nLabels);
  const counts = new Float64Array(offsets.length * nLabels);
  return {
    size,
    evaluate: (parameters, gradient) => {
      gradient.fill(0);
      let loss = 0;
      for (let image = 0; image < count; image++) {
        const x = labels.subarray(image * pixels, (image + 1) * pixels);
        for (let i = 0; i < pixels; i++) {
          const field = isPerPixel ? i * nLabels : 0;
          for (let label = 0; label < nLabels; label++) logits[label] = parameters[field + label]!;
          counts.fill(0);
          for (let k = 0; k < offsets.length; k++) {
            const weight = parameters[fields + k]!;
            for (let side = 0; side < 2; side++) {
              const j = neighbours[(i * offsets.length + k) * 2 + side]!;
              if (j < 0) continue;
              logits[x[j]!]! += weight;
              counts[k * nLabels + x[j]!]!++;
            }
          }
          let largest = -Infinity;
          for (let label = 0; label < nLabels; label++) largest = Math.max(largest, logits[label]!);
          let total = 0;
          for (let label = 0; label < nLabels; label++) total += Math.exp(logits[label]! - largest);
          loss += Math.log(total) + largest - logits[x[i]!]!;
          for (let label = 0; label < nLabels; label++) {
            const surplus = Math.exp(logits[label]! - largest) / total - (label === x[i] ? 1 : 0);
            gradient[field + label]! += surplus;
            for (let k = 0; k < offsets.length; k++) gradient[fields + k]! += surplus * counts[k * nLabels + label]!;
          }
        }
      }
      const share = 1 / (count * pixels);
      let penalty = 0;
      for (let p = 0; p < size; p++) {
        gradient[p] = gradient[p]! * share + 2 * l2 * parameters[p]!;
        penalty += parameters[p]! * parameters[p]!;
      }
      return loss * share + l2 * penalty;
    },
  };
}
