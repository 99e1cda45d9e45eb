/** Minimization of smooth functions of many variables. */
import { Pace } from "./pace.ts";

/** Options of `minimize`. */
export interface MinimizeOptions {
  /** Default 100. */
  readonly maxIterations?: number;
  /** Ends where no component of the gradient is larger. Default 1e-5. */
  readonly tolerance?: number;
  /** Ends where the value falls by less than this share. Default 1e-9. */
  readonly relativeDecrease?: number;
}

/** What `minimize` gives. */
export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** Pairs of steps and changes of the gradient that are remembered. */
const memory = 10;

/**
 * L-BFGS: Newton's direction from the last ten steps, halved until the value falls enough (Armijo). `evaluate` gives the
 * value and writes the gradient. D. Liu, J. Nocedal, "On the limited memory BFGS method for large scale optimization", 1989.
 */
export async function minimize(
  evaluate: (x: Float64Array, gradient: Float64Array) => number,
  start: Float64Array,
  options: MinimizeOptions = {},
): Promise<Minimum> {
  const { maxIterations = 100, tolerance = 1e-5, relativeDecrease = 1e-9 } = options;
  let x = start.slice();
  let gradient: Float64Array = new Float64Array(x.length);
  let value = evaluate(x, gradient);
  const steps: { readonly s: Float64Array; readonly y: Float64Array; readonly sy: number }[] = [];
  const pace = new Pace();
  let converged = false;
  let iterations = 0;
  for (; iterations < maxIterations && !converged; iterations++) {
    if (pace.isDue) await pace.turn();
    if (gradient.every((slope) => Math.abs(slope) <= tolerance)) {
      converged = true;
      break;
    }
    let direction = newtonDirection(gradient, steps);
    let slope = dot(direction, gradient);
    if (!(slope < 0)) {
      steps.length = 0;
      direction = gradient.map((component) => -component);
      slope = dot(direction, gradient);
    }
    // The first step has no scale yet: at most length 1.
    let length = steps.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    const nextGradient = new Float64Array(x.length);
    let next = x;
    let nextValue = Infinity;
    for (let tries = 0; tries < 40; tries++, length /= 2) {
      next = x.map((component, i) => component + length * direction[i]!);
      nextValue = evaluate(next, nextGradient);
      if (nextValue <= value + 1e-4 * length * slope) break;
    }
    if (!(nextValue < value)) {
      // Nothing lower can be found along the direction of descent: rounding is all that is left.
      converged = true;
      break;
    }
    const s = next.map((component, i) => component - x[i]!);
    const y = nextGradient.map((component, i) => component - gradient[i]!);
    const sy = dot(s, y);
    if (sy > 1e-12 * dot(y, y)) {
      steps.push({ s, y, sy });
      if (steps.length > memory) steps.shift();
    }
    converged = value - nextValue <= relativeDecrease * Math.max(1, Math.abs(value));
    [x, value, gradient] = [next, nextValue, nextGradient];
  }
  return { x, value, iterations, converged };
}

/** Minus the inverse Hessian, as far as it is known, times the gradient: the two-loop recursion. */
function newtonDirection(
  gradient: Float64Array,
  steps: readonly { readonly s: Float64Array; readonly y: Float64Array; readonly sy: number }[],
): Float64Array {
  const q = gradient.map((component) => -component);
  const factors = new Array<number>(steps.length);
  for (let k = steps.length - 1; k >= 0; k--) {
    const { s, y, sy } = steps[k]!;
    const factor = dot(s, q) / sy;
    factors[k] = factor;
    for (let i = 0; i < q.length; i++) q[i]! -= factor * y[i]!;
  }
  const last = steps.at(-1);
  if (last !== undefined) {
    const scale = last.sy / dot(last.y, last.y);
    for (let i = 0; i < q.length; i++) q[i]! *= scale;
  }
  for (let k = 0; k < steps.length; k++) {
    const { s, y, sy } = steps[k]!;
    const change = factors[k]! - dot(y, q) / sy;
    for (let i = 0; i < q.length; i++) q[i]! += change * s[i]!;
  }
  return q;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
