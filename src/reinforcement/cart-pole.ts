/** A pole on a cart that is to be kept upright. */
import { ValueError } from "../errors.ts";
import { dataTensor, type Tensor } from "../graph/index.ts";
import type { RandomNumbers } from "../data/random-numbers.ts";
import { checkOptions } from "../serialization/index.ts";
import { type Environment, requireEpisode, resetRandom, type ResetOptions, type StepResult } from "./environment.ts";
import { Box, Discrete } from "./spaces.ts";

/** Options of CartPole. */
export interface CartPoleOptions {
  /** Steps after which an episode is cut; null: never. Default 500, as in version 1. */
  readonly maxSteps?: number | null;
}

const gravity = 9.8;
const poleMass = 0.1;
const totalMass = 1.1;
/** Half the pole's length. */
const length = 0.5;
const force = 10;
/** Seconds between two steps. */
const interval = 0.02;
const angleLimit = (12 * 2 * Math.PI) / 360;
const positionLimit = 2.4;

/**
 * Gymnasium's CartPole-v1: a cart is pushed to the left (0) or the right (1), and every step gives a reward of 1 until the
 * pole leans more than 12 degrees or the cart is more than 2.4 away from the middle. The observation is (position, speed,
 * angle, angular speed), in the beginning even from [-0.05, 0.05). A. Barto, R. Sutton, C. Anderson, "Neuronlike adaptive
 * elements that can solve difficult learning control problems", 1983; Euler's method in steps of 0.02 s.
 */
export class CartPole implements Environment {
  readonly observationSpace: Box = new Box({
    shape: [4],
    low: [-2 * positionLimit, -Infinity, -2 * angleLimit, -Infinity],
    high: [2 * positionLimit, Infinity, 2 * angleLimit, Infinity],
  });
  readonly actionSpace: Discrete = new Discrete(2);
  readonly maxSteps: number | null;
  #random: RandomNumbers | null = null;
  #state: readonly [position: number, speed: number, angle: number, turning: number] = [0, 0, 0, 0];
  #steps = 0;
  #isGoingOn = false;

  constructor(options: CartPoleOptions = {}) {
    const where = "CartPole";
    checkOptions(where, options, ["maxSteps"]);
    const { maxSteps = 500 } = options;
    if (maxSteps !== null && !(Number.isInteger(maxSteps) && maxSteps > 0))
      throw new ValueError({
        where,
        problem: "maxSteps does not make sense",
        expected: "a whole number from 1, or null",
        received: String(maxSteps),
      });
    this.maxSteps = maxSteps;
  }

  /** Position, speed, angle and angular speed, as 64-bit numbers. */
  get state(): readonly [position: number, speed: number, angle: number, turning: number] {
    return this.#state;
  }

  /** Begins an episode; `state` puts the cart there instead of at a random place. */
  reset(options: ResetOptions & { readonly state?: readonly [number, number, number, number] } = {}): Float32Array {
    checkOptions("CartPole.reset", options, ["seed", "state"]);
    const random = (this.#random = resetRandom(this.#random, options));
    const place = (): number => random.uniform() * 0.1 - 0.05;
    this.#state = options.state ?? [place(), place(), place(), place()];
    this.#steps = 0;
    this.#isGoingOn = true;
    return Float32Array.from(this.#state);
  }

  step(action: number): StepResult {
    const where = "CartPole.step";
    requireEpisode(where, this.#isGoingOn);
    this.actionSpace.check(where, action);
    const [position, speed, angle, turning] = this.#state;
    const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
    const push = ((action === 1 ? force : -force) + poleMass * length * turning * turning * sine) / totalMass;
    const turningRate = (gravity * sine - cosine * push) / (length * (4 / 3 - (poleMass * cosine * cosine) / totalMass));
    const acceleration = push - (poleMass * length * turningRate * cosine) / totalMass;
    this.#state = [
      position + interval * speed,
      speed + interval * acceleration,
      angle + interval * turning,
      turning + interval * turningRate,
    ];
    this.#steps++;
    const terminated = Math.abs(this.#state[0]) > positionLimit || Math.abs(this.#state[2]) > angleLimit;
    const truncated = this.maxSteps !== null && this.#steps >= this.maxSteps;
    this.#isGoingOn = !terminated && !truncated;
    return { observation: Float32Array.from(this.#state), reward: 1, terminated, truncated };
  }

  /** Cart, pole and ground. Shapes: [64, 96]. */
  render(): Tensor {
    const [height, width] = [64, 96];
    const pixels = new Float32Array(height * width).fill(1);
    const [position, , angle] = this.#state;
    const x = width / 2 + (position / positionLimit) * (width / 2);
    const ground = height - 10;
    const paint = (left: number, top: number, wide: number, high: number, shade: number): void => {
      for (let row = Math.max(0, Math.round(top)); row < Math.min(height, Math.round(top + high)); row++)
        for (let column = Math.max(0, Math.round(left)); column < Math.min(width, Math.round(left + wide)); column++)
          pixels[row * width + column] = shade;
    };
    paint(0, ground, width, 1, 0.7);
    paint(x - 9, ground - 7, 18, 7, 0.2);
    for (let along = 0; along < 38; along += 0.5)
      paint(x + along * Math.sin(angle) - 1, ground - 7 - along * Math.cos(angle) - 1, 3, 3, 0.5);
    return dataTensor(pixels, [height, width], "float32");
  }
}
