/** Sequential minimal optimization of the dual of a support vector machine. */
import type { Pace } from "../pace.ts";
import type { KernelRows } from "./kernels.ts";

/** One problem with two classes, over some of the samples whose kernel is known. */
export interface BinaryProblem {
  /** The samples, by their position in the kernel matrix. */
  readonly samples: Int32Array;
  /** +1 or -1 for each. */
  readonly signs: Int8Array;
  /** Upper bound of each multiplier. */
  readonly bounds: Float64Array;
  /** The largest violation of the optimality conditions that is left. */
  readonly tolerance: number;
  readonly shrinking: boolean;
  /** Steps at most. */
  readonly maxIterations: number;
}

/** Its solution: `f(x) = sum_i alpha_i sign_i k(x_i, x) - rho`. */
export interface BinarySolution {
  readonly alpha: Float64Array;
  readonly rho: number;
  readonly iterations: number;
  /** False where `maxIterations` came first. */
  readonly converged: boolean;
}

/** Curvature that stands for one that is not positive. */
const leastCurvature = 1e-12;

/**
 * Minimizes `1/2 sum_ij alpha_i alpha_j s_i s_j k(x_i, x_j) - sum_i alpha_i` over `0 <= alpha_i <= bound_i`,
 * `sum_i s_i alpha_i = 0`, two multipliers at a time. The first is the worst violator, the second gives the largest
 * decrease by second-order information (R.-E. Fan, P.-H. Chen, C.-J. Lin, "Working set selection using second order
 * information for training SVM", JMLR 2005, WSS 2). Multipliers that stay at a bound are left out (shrinking: C.-C.
 * Chang, C.-J. Lin, "LIBSVM", 2011, section 5.1) and all are looked at again before the end.
 *
 * In place of the gradient g it keeps `slope_i = s_i g_i = sum_j alpha_j s_j k_ij - s_i`: a step of length t along
 * `s_i e_i - s_j e_j` changes it by `t (k_i - k_j)`, so that rows of the kernel serve for every labelling.
 */
export async function solveBinary(kernel: KernelRows, problem: BinaryProblem, pace: Pace): Promise<BinarySolution> {
  const { samples, signs, bounds, tolerance, shrinking } = problem;
  const count = samples.length;
  const alpha = new Float64Array(count);
  const slope = Float64Array.from(signs, (sign) => -sign);
  const diagonal = Float64Array.from(samples, (sample) => kernel.diagonal[sample]!);
  /** Positions that are looked at; the first `active` of them. */
  const order = Int32Array.from(samples, (_, i) => i);
  let active = count;
  let wasUnshrunk = false;
  // The sum may grow along a sample (sign +: alpha below its bound), or shrink.
  const mayRise = (i: number): boolean => (signs[i]! > 0 ? alpha[i]! < bounds[i]! : alpha[i]! > 0);
  const mayFall = (i: number): boolean => (signs[i]! > 0 ? alpha[i]! > 0 : alpha[i]! < bounds[i]!);

  /** Slopes of what was left out, from the multipliers. */
  const reconstruct = (): void => {
    if (active === count) return;
    for (let at = active; at < count; at++) slope[order[at]!] = -signs[order[at]!]!;
    for (let j = 0; j < count; j++) {
      if (alpha[j] === 0) continue;
      const row = kernel.row(samples[j]!);
      const factor = alpha[j]! * signs[j]!;
      for (let at = active; at < count; at++) {
        const k = order[at]!;
        slope[k]! += factor * row[samples[k]!]!;
      }
    }
    active = count;
  };

  /** The smallest slope of those that may rise, and the largest of those that may fall: equal at the optimum. */
  const extremes = (): { first: number; lowest: number; highest: number } => {
    let first = -1;
    let lowest = Infinity;
    let highest = -Infinity;
    for (let at = 0; at < active; at++) {
      const k = order[at]!;
      const value = slope[k]!;
      if (value <= lowest && mayRise(k)) {
        lowest = value;
        first = k;
      }
      if (value > highest && mayFall(k)) highest = value;
    }
    return { first, lowest, highest };
  };

  const shrink = (): void => {
    const { lowest, highest } = extremes();
    if (!wasUnshrunk && highest - lowest <= 10 * tolerance) {
      // Near the end everything is looked at once more, since what was left out early may have been left out wrongly.
      wasUnshrunk = true;
      reconstruct();
    }
    for (let at = 0; at < active;) {
      const k = order[at]!;
      const isIdle = (!mayFall(k) && slope[k]! > highest) || (!mayRise(k) && slope[k]! < lowest);
      if (!isIdle) {
        at++;
        continue;
      }
      active--;
      order[at] = order[active]!;
      order[active] = k;
    }
  };

  const period = Math.min(count, 1000);
  let untilShrink = period;
  let iterations = 0;
  let converged = false;
  while (iterations < problem.maxIterations) {
    if ((iterations & 63) === 0 && pace.isDue) await pace.turn();
    if (shrinking && --untilShrink === 0) {
      untilShrink = period;
      shrink();
    }
    let { first, lowest, highest } = extremes();
    if (highest - lowest < tolerance) {
      if (active === count) {
        converged = true;
        break;
      }
      reconstruct();
      ({ first, lowest, highest } = extremes());
      if (highest - lowest < tolerance) {
        converged = true;
        break;
      }
      untilShrink = 1;
    }
    const rowOfFirst = kernel.row(samples[first]!);
    let second = -1;
    let most = -Infinity;
    for (let at = 0; at < active; at++) {
      const k = order[at]!;
      const gap = slope[k]! - lowest;
      if (gap <= 0 || !mayFall(k)) continue;
      const curvature = diagonal[first]! + diagonal[k]! - 2 * rowOfFirst[samples[k]!]!;
      const gain = (gap * gap) / (curvature > 0 ? curvature : leastCurvature);
      if (gain >= most) {
        most = gain;
        second = k;
      }
    }
    if (second < 0) {
      converged = true;
      break;
    }
    const rowOfSecond = kernel.row(samples[second]!);
    const curvature = diagonal[first]! + diagonal[second]! - 2 * rowOfFirst[samples[second]!]!;
    const wanted = (slope[second]! - lowest) / (curvature > 0 ? curvature : leastCurvature);
    const roomOfFirst = signs[first]! > 0 ? bounds[first]! - alpha[first]! : alpha[first]!;
    const roomOfSecond = signs[second]! > 0 ? alpha[second]! : bounds[second]! - alpha[second]!;
    const step = Math.min(wanted, roomOfFirst, roomOfSecond);
    // Exactly at the bound where the step ends there.
    alpha[first] = step === roomOfFirst ? (signs[first]! > 0 ? bounds[first]! : 0) : alpha[first]! + signs[first]! * step;
    alpha[second] = step === roomOfSecond ? (signs[second]! > 0 ? 0 : bounds[second]!) : alpha[second]! - signs[second]! * step;
    for (let at = 0; at < active; at++) {
      const k = order[at]!;
      const sample = samples[k]!;
      slope[k]! += step * (rowOfFirst[sample]! - rowOfSecond[sample]!);
    }
    iterations++;
  }
  reconstruct();
  return { alpha, rho: offset(alpha, slope, bounds, extremes()), iterations, converged };
}

/** The mean slope of the multipliers between their bounds; where there are none, the middle of what is possible. */
function offset(
  alpha: Float64Array,
  slope: Float64Array,
  bounds: Float64Array,
  { lowest, highest }: { readonly lowest: number; readonly highest: number },
): number {
  let sum = 0;
  let free = 0;
  for (let i = 0; i < alpha.length; i++) {
    if (alpha[i]! <= 0 || alpha[i]! >= bounds[i]!) continue;
    sum += slope[i]!;
    free++;
  }
  return free > 0 ? sum / free : (lowest + highest) / 2;
}
