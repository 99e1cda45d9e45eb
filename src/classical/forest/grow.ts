/** Growing decision trees. The function is sent to worker threads as text. */

/** What a forest's trees are grown from. All of it can be sent to another thread. */
export interface Growth {
  readonly rows: number;
  readonly features: number;
  /** See `Bins`. */
  readonly codes: Uint8Array;
  readonly counts: Int32Array;
  readonly lowest: Float64Array;
  readonly highest: Float64Array;
  /** Class of each sample; empty for regression. */
  readonly labels: Int32Array;
  readonly classes: number;
  /** Target of each sample; empty for classification. */
  readonly targets: Float64Array;
  /** Weight of each sample. */
  readonly weights: Float64Array;
  readonly criterion: "gini" | "entropy" | "squared_error";
  readonly maxDepth: number;
  readonly minSamplesSplit: number;
  readonly minSamplesLeaf: number;
  readonly minImpurityDecrease: number;
  /** Features looked at per split. */
  readonly maxFeatures: number;
  /** Samples drawn per tree, with replacement; 0: every sample once. */
  readonly drawn: number;
}

/** A tree: nodes in the order of their making, node 0 the root. */
export interface Tree {
  /** Feature that a node asks for, or -1 in a leaf. */
  readonly feature: Int32Array;
  /** `x[feature] <= threshold` goes left. */
  readonly threshold: Float64Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Class shares, or the mean target: `[nodes][outputs]`. */
  readonly values: Float64Array;
  /** Decrease of impurity that each feature brought, in shares of the tree's samples. */
  readonly importance: Float64Array;
  /** How often each sample was drawn: 0 is out of bag. */
  readonly draws: Uint8Array;
}

/**
 * One tree (CART: L. Breiman et al., "Classification and Regression Trees", 1984), each split the best of `maxFeatures`
 * random features that are not constant in the node, and among their bins; thresholds lie in the middle between the
 * values on both sides. `seed`: four words. Refers to nothing outside itself, since worker threads get its text.
 */
export function growTree(growth: Growth, seed: readonly number[]): Tree {
  const { rows, features, codes, counts, lowest, highest, labels, classes, targets, weights, criterion, maxFeatures } = growth;
  const isRegression = criterion === "squared_error";
  const outputs = isRegression ? 1 : classes;
  let [a, b, c, counter] = seed as [number, number, number, number];
  // sfc32 (Doty-Humphrey, PractRand).
  const draw = (bound: number): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return Math.floor(((sum >>> 0) / 4294967296) * bound);
  };

  const draws = new Uint8Array(rows);
  if (growth.drawn === 0) draws.fill(1);
  else
    for (let i = 0; i < growth.drawn; i++) {
      const row = draw(rows);
      if (draws[row]! < 255) draws[row]!++;
    }
  // Samples of a node stand side by side.
  let kept = 0;
  const samples = new Int32Array(rows);
  const mass = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    mass[row] = draws[row]! * weights[row]!;
    if (mass[row]! > 0) samples[kept++] = row;
  }
  let totalMass = 0;
  for (let i = 0; i < kept; i++) totalMass += mass[samples[i]!]!;

  // Nodes; at most 2 n - 1.
  const most = Math.max(1, 2 * kept - 1);
  const feature = new Int32Array(most).fill(-1);
  const threshold = new Float64Array(most);
  const left = new Int32Array(most).fill(-1);
  const right = new Int32Array(most).fill(-1);
  let values = new Float64Array(64 * outputs);
  const importance = new Float64Array(features);
  let nodes = 0;

  // Sums per bin: mass per class; or mass, sum of targets. And the number of samples.
  const width = isRegression ? 2 : classes;
  const histogram = new Float64Array(256 * width);
  const population = new Int32Array(256);
  const whole = new Float64Array(width);
  const leftSums = new Float64Array(width);
  const order = Int32Array.from({ length: features }, (_, i) => i);

  /** A node's impurity times its mass, less what is the same for all splits: the smaller the better. */
  const cost = (sums: Float64Array, sumMass: number, minus: Float64Array | null): number => {
    if (isRegression) {
      const sum = minus === null ? sums[1]! : sums[1]! - minus[1]!;
      return sumMass > 0 ? -(sum * sum) / sumMass : 0;
    }
    let result = 0;
    for (let k = 0; k < width; k++) {
      const share = minus === null ? sums[k]! : sums[k]! - minus[k]!;
      if (share <= 0) continue;
      result += criterion === "gini" ? share * share : share * Math.log2(share);
    }
    if (sumMass <= 0) return 0;
    return criterion === "gini" ? sumMass - result / sumMass : sumMass * Math.log2(sumMass) - result;
  };

  const stack: [start: number, end: number, depth: number, parent: number, isLeft: boolean][] = [[0, kept, 0, -1, false]];
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    const [start, end, depth, parent, isLeft] = entry;
    const node = nodes++;
    if (parent >= 0) (isLeft ? left : right)[parent] = node;
    whole.fill(0);
    let squares = 0;
    let nodeMass = 0;
    for (let i = start; i < end; i++) {
      const row = samples[i]!;
      nodeMass += mass[row]!;
      if (isRegression) {
        whole[1]! += mass[row]! * targets[row]!;
        squares += mass[row]! * targets[row]! * targets[row]!;
      } else whole[labels[row]!]! += mass[row]!;
    }
    if (isRegression) whole[0] = nodeMass;
    if ((node + 1) * outputs > values.length) {
      const larger = new Float64Array(values.length * 2);
      larger.set(values);
      values = larger;
    }
    if (isRegression) values[node] = whole[1]! / nodeMass;
    else for (let k = 0; k < classes; k++) values[node * classes + k] = whole[k]! / nodeMass;

    const nodeCost = cost(whole, nodeMass, null);
    const impurity = isRegression ? squares + nodeCost : nodeCost;
    const count = end - start;
    if (depth >= growth.maxDepth || count < growth.minSamplesSplit || count < 2 * growth.minSamplesLeaf || impurity <= 1e-12 * nodeMass)
      continue;

    let bestGain = -Infinity;
    let bestFeature = -1;
    let bestBin = 0;
    let bestThreshold = 0;
    // Features come in random order until enough of them could be split at.
    let tried = 0;
    for (let at = 0; at < features && tried < maxFeatures; at++) {
      const other = at + draw(features - at);
      const f = order[other]!;
      order[other] = order[at]!;
      order[at] = f;
      const bins = counts[f]!;
      if (bins < 2) continue;
      const base = f * rows;
      let first = 255;
      let last = 0;
      for (let i = start; i < end; i++) {
        const row = samples[i]!;
        const bin = codes[base + row]!;
        if (bin < first) first = bin;
        if (bin > last) last = bin;
        population[bin]!++;
        if (isRegression) {
          histogram[2 * bin]! += mass[row]!;
          histogram[2 * bin + 1]! += mass[row]! * targets[row]!;
        } else histogram[bin * width + labels[row]!]! += mass[row]!;
      }
      if (first < last) {
        tried++;
        leftSums.fill(0);
        let leftMass = 0;
        let leftCount = 0;
        let previous = -1;
        for (let bin = first; bin <= last; bin++) {
          if (population[bin] === 0) continue;
          if (previous >= 0 && leftCount >= growth.minSamplesLeaf && count - leftCount >= growth.minSamplesLeaf) {
            const gain = nodeCost - cost(leftSums, leftMass, null) - cost(whole, nodeMass - leftMass, leftSums);
            if (gain > bestGain) {
              bestGain = gain;
              bestFeature = f;
              bestBin = previous;
              const low = highest[f * 256 + previous]!;
              const high = lowest[f * 256 + bin]!;
              bestThreshold = low + (high - low) / 2;
              // Rounding must not move the threshold onto the right side.
              if (bestThreshold >= high) bestThreshold = low;
            }
          }
          for (let k = 0; k < width; k++) {
            const value = histogram[bin * width + k]!;
            leftSums[k]! += value;
            if (!isRegression) leftMass += value;
          }
          if (isRegression) leftMass += histogram[2 * bin]!;
          leftCount += population[bin]!;
          previous = bin;
        }
      }
      for (let bin = first; bin <= last; bin++) {
        population[bin] = 0;
        for (let k = 0; k < width; k++) histogram[bin * width + k] = 0;
      }
    }
    if (bestFeature < 0 || bestGain / totalMass < growth.minImpurityDecrease) continue;
    let middle = start;
    const base = bestFeature * rows;
    for (let i = start; i < end; i++) {
      const row = samples[i]!;
      if (codes[base + row]! > bestBin) continue;
      samples[i] = samples[middle]!;
      samples[middle++] = row;
    }
    feature[node] = bestFeature;
    threshold[node] = bestThreshold;
    importance[bestFeature]! += Math.max(0, bestGain) / totalMass;
    stack.push([middle, end, depth + 1, node, false], [start, middle, depth + 1, node, true]);
  }
  return {
    feature: feature.slice(0, nodes),
    threshold: threshold.slice(0, nodes),
    left: left.slice(0, nodes),
    right: right.slice(0, nodes),
    values: values.slice(0, nodes * outputs),
    importance,
    draws,
  };
}
