/** What actions were worth: returns and advantages of episodes. */
import { ShapeError, ValueError } from "../errors.ts";

/** Throws ValueError for a discount or lambda outside [0, 1]. */
export function checkShare(where: string, name: string, value: number): void {
  if (value >= 0 && value <= 1) return;
  throw new ValueError({ where, problem: `${name} is a share`, expected: "0 to 1", received: String(value) });
}

/**
 * `G_t = r_t + discount G_(t+1)`, and after the last reward `G = last`: the value of what follows where an episode was cut,
 * 0 where it ended.
 *
 * @example
 * discountedReturns([1, 1, 1], 0.5); // 1.75, 1.5, 1
 */
export function discountedReturns(rewards: ArrayLike<number>, discount: number, last: number = 0): Float32Array {
  checkShare("discountedReturns", "discount", discount);
  const returns = new Float32Array(rewards.length);
  let following = last;
  for (let t = rewards.length - 1; t >= 0; t--) {
    following = rewards[t]! + discount * following;
    returns[t] = following;
  }
  return returns;
}

/** What `generalizedAdvantages` is computed from, one entry for each step. */
export interface AdvantageData {
  readonly rewards: ArrayLike<number>;
  /** `V(s_t)`. */
  readonly values: ArrayLike<number>;
  /** `V(s_(t+1))`; what stands where an episode ended is not looked at. */
  readonly nextValues: ArrayLike<number>;
  /** Whether the episode ended with the step: nothing follows. */
  readonly terminated: ArrayLike<boolean | number>;
  /** Whether another episode begins after the step: it ended, or it was cut. */
  readonly isLast: ArrayLike<boolean | number>;
}

/**
 * `A_t = d_t + discount lambda A_(t+1)` with `d_t = r_t + discount V(s_(t+1)) - V(s_t)`, the sum going on within an episode
 * only. lambda 0: one step ahead; lambda 1: the whole return less V. J. Schulman et al., "High-dimensional continuous
 * control using generalized advantage estimation", 2015, equation 16. Throws ShapeError for entries of different number.
 */
export function generalizedAdvantages(data: AdvantageData, discount: number, lambda: number): Float32Array {
  const where = "generalizedAdvantages";
  checkShare(where, "discount", discount);
  checkShare(where, "lambda", lambda);
  const { rewards, values, nextValues, terminated, isLast } = data;
  const count = rewards.length;
  for (const [name, { length }] of Object.entries({ values, nextValues, terminated, isLast }))
    if (length !== count)
      throw new ShapeError({ where, problem: `${name} and rewards differ in length`, expected: String(count), received: String(length) });
  const advantages = new Float32Array(count);
  let following = 0;
  for (let t = count - 1; t >= 0; t--) {
    const next = terminated[t] ? 0 : nextValues[t]!;
    const surprise = rewards[t]! + discount * next - values[t]!;
    following = surprise + (isLast[t] ? 0 : discount * lambda * following);
    advantages[t] = following;
  }
  return advantages;
}
