/** Markov random fields on the pixels of images. */
import { ShapeError, ValueError } from "../../errors.ts";
import { dataTensor, formatShape, type Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { checkOptions } from "../../serialization/index.ts";
import { randomNumbers } from "../../data/random-numbers.ts";
import { readNumbers } from "../../data/samples.ts";
import { checkChoice, checkNumber, fitted, floatTensor } from "../estimator.ts";
import { minimize } from "../lbfgs.ts";
import { Pace } from "../pace.ts";
import { type Neighbourhood, neighbourhoods, offsetsOf } from "./grid-neighbours.ts";
import { beliefPropagation, gibbs, iteratedConditionalModes, type Grid } from "./grid-inference.ts";
import { pseudoLikelihood } from "./pseudo-likelihood.ts";

/** Options of `MarkovRandomField`. */
export interface MarkovRandomFieldOptions {
  /** Labels are 0 .. nLabels - 1: 2 (default) is the Ising model, more are Potts's. */
  readonly nLabels?: number;
  /** How many pixels each depends on. Default 4. */
  readonly neighbourhood?: Neighbourhood;
  /** "shared" (default): each label has one field everywhere; "perPixel": one at each place, for images that are alike. */
  readonly field?: "shared" | "perPixel";
  /** Weight of the squared parameters in `fit`, per pixel. Default 1e-5. */
  readonly l2?: number;
  /** Iterations of `fit` at most. Default 200. */
  readonly maxIter?: number;
}

/** Options of `denoise`. */
export interface DenoiseOptions {
  /** Chance that a pixel shows another label than its own. */
  readonly noise: number;
  /**
   * "gibbs": marginals by sampling; "beliefPropagation": marginals by sum-product messages along the edges, as if there were
   * no loops; "icm": each pixel in turn takes its most likely label, until none changes. Default "gibbs".
   */
  readonly method?: "gibbs" | "beliefPropagation" | "icm";
  /** Sweeps at most: of Gibbs sampling after a quarter as many that are thrown away (default 200), of messages (100), of ICM (50). */
  readonly sweeps?: number;
  /** Share of the old messages that is kept. Default 0.5. */
  readonly damping?: number;
  /** Of Gibbs sampling. Default 0. */
  readonly seed?: number;
}

/** What `denoise` gives. */
export interface Denoised {
  /** The most likely label of each pixel. Shapes: int32 [n, height, width]. */
  readonly labels: Tensor;
  /** P(label | noisy image); after ICM 0 or 1. Shapes: [n, height, width, labels]. */
  readonly marginals: Tensor;
}

/** What is learnt. */
interface State {
  readonly height: number;
  readonly width: number;
  /** `[labels]`, or `[height, width, labels]`. */
  readonly field: Float64Array;
  /** One per pair of directions. */
  readonly couplings: Float64Array;
  readonly iterations: number;
  readonly converged: boolean;
}

const methods = ["gibbs", "beliefPropagation", "icm"] as const;
const defaultSweeps = { gibbs: 200, beliefPropagation: 100, icm: 50 } as const;

/**
 * Images as a field of labels that hold together with their neighbours:
 * `P(x) ~ exp(sum_i h_i(x_i) + sum_{i,j neighbours} w_{j-i} [x_i = x_j])`, the Ising model (E. Ising, 1925) and, for more
 * labels, Potts's. `fit` finds h and w, one coupling per direction and distance, by the largest pseudo-likelihood,
 * `prod_i P(x_i | its neighbours)` (J. Besag, "Statistical analysis of non-lattice data", 1975), which needs no partition
 * function and is concave. `denoise` finds what images were before their pixels were changed at random.
 *
 * @example
 * const field = await new MarkovRandomField({ neighbourhood: 8 }).fit(cleanImages);
 * const { labels } = await field.denoise(noisyImages, { noise: 0.1 });
 */
export class MarkovRandomField {
  readonly #options: Required<MarkovRandomFieldOptions>;
  #state: State | null = null;

  constructor(options: MarkovRandomFieldOptions = {}) {
    const where = "MarkovRandomField";
    checkOptions(where, options, ["nLabels", "neighbourhood", "field", "l2", "maxIter"]);
    this.#options = { nLabels: 2, neighbourhood: 4, field: "shared", l2: 1e-5, maxIter: 200, ...options };
    const { nLabels, neighbourhood, field, l2, maxIter } = this.#options;
    checkNumber(where, "nLabels", nLabels, Number.isInteger(nLabels) && nLabels >= 2 && nLabels <= 256, "a whole number from 2 to 256");
    checkChoice(where, "neighbourhood", neighbourhood, neighbourhoods);
    checkChoice(where, "field", field, ["shared", "perPixel"]);
    checkNumber(where, "l2", l2, l2 >= 0, "a number from 0");
    checkNumber(where, "maxIter", maxIter, Number.isInteger(maxIter) && maxIter > 0, "a whole number from 1");
  }

  get #fitted(): State {
    return fitted("MarkovRandomField", this.#state);
  }

  /** Fields h. Shapes: [labels], or [height, width, labels]. */
  get field(): Tensor {
    const { field, height, width } = this.#fitted;
    return floatTensor(field, this.#options.field === "shared" ? [this.#options.nLabels] : [height, width, this.#options.nLabels]);
  }

  /** Couplings w by the step from a pixel to its neighbour. */
  get couplings(): readonly { readonly down: number; readonly right: number; readonly weight: number }[] {
    const { couplings } = this.#fitted;
    return offsetsOf(this.#options.neighbourhood).map(([down, right], i) => ({ down, right, weight: couplings[i]! }));
  }

  /** Iterations of `fit`. */
  get iterations(): number {
    return this.#fitted.iterations;
  }

  /** Whether `fit` ended before `maxIter`. */
  get converged(): boolean {
    return this.#fitted.converged;
  }

  /** Parameters that are known, in place of `fit`. `couplings`: in the order of the property. For "shared" fields only. */
  set(parameters: { readonly field: readonly number[]; readonly couplings: readonly number[] }): this {
    const where = "MarkovRandomField.set";
    const { nLabels, neighbourhood, field } = this.#options;
    const offsets = offsetsOf(neighbourhood);
    if (field !== "shared" || parameters.field.length !== nLabels || parameters.couplings.length !== offsets.length)
      throw new ShapeError({
        where,
        problem: "these are other parameters than those of the field",
        expected: `field: "shared", ${nLabels} fields, ${offsets.length} couplings`,
        received: `${parameters.field.length} fields, ${parameters.couplings.length} couplings`,
      });
    this.#state = {
      height: 0,
      width: 0,
      field: Float64Array.from(parameters.field),
      couplings: Float64Array.from(parameters.couplings),
      iterations: 0,
      converged: true,
    };
    return this;
  }

  /** Learns fields and couplings from clean images. Shapes: [n, height, width] of labels (a channel axis of 1 may follow). */
  async fit(images: TensorLike): Promise<this> {
    const where = "MarkovRandomField.fit";
    const { nLabels, neighbourhood, field, l2, maxIter } = this.#options;
    const { count, height, width, labels } = await readImages(where, images, nLabels);
    const offsets = offsetsOf(neighbourhood);
    const objective = pseudoLikelihood({ count, height, width, labels, nLabels, offsets, isPerPixel: field === "perPixel", l2 });
    const { x, iterations, converged } = await minimize(objective.evaluate, new Float64Array(objective.size), {
      maxIterations: maxIter,
      tolerance: 1e-6,
      relativeDecrease: 1e-8,
    });
    const fields = objective.size - offsets.length;
    this.#state = { height, width, field: x.slice(0, fields), couplings: x.slice(fields), iterations, converged };
    return this;
  }

  /**
   * What images were before each pixel was changed, with chance `noise`, to any other label. Shapes: [n, height, width].
   * Throws ShapeError where fields per pixel have another extent.
   */
  async denoise(images: TensorLike, options: DenoiseOptions): Promise<Denoised> {
    const where = "MarkovRandomField.denoise";
    const { nLabels, neighbourhood, field: kind } = this.#options;
    const { field, couplings, height: knownHeight, width: knownWidth } = this.#fitted;
    checkOptions(where, options, ["noise", "method", "sweeps", "damping", "seed"]);
    const { noise, method = "gibbs", damping = 0.5, seed = 0 } = options;
    const { sweeps = defaultSweeps[method] } = options;
    checkChoice(where, "method", method, methods);
    checkNumber(where, "noise", noise, noise > 0 && noise < 1, "a number between 0 and 1");
    checkNumber(where, "sweeps", sweeps, Number.isInteger(sweeps) && sweeps > 0, "a whole number from 1");
    checkNumber(where, "damping", damping, damping >= 0 && damping < 1, "a number from 0 to below 1");
    const { count, height, width, labels } = await readImages(where, images, nLabels);
    if (kind === "perPixel" && (height !== knownHeight || width !== knownWidth))
      throw new ShapeError({
        where,
        problem: "the images have another extent than those of fit",
        expected: `[n, ${knownHeight}, ${knownWidth}]`,
        received: `[${count}, ${height}, ${width}]`,
        advice: 'a "shared" field fits images of any extent',
      });
    const size = height * width;
    const marginals = new Float64Array(count * size * nLabels);
    const random = randomNumbers(seed);
    const pace = new Pace();
    const [same, other] = [Math.log(1 - noise), Math.log(noise / (nLabels - 1))];
    for (let image = 0; image < count; image++) {
      if (pace.isDue) await pace.turn();
      const seen = labels.subarray(image * size, (image + 1) * size);
      const unary = new Float64Array(size * nLabels);
      for (let i = 0; i < size; i++)
        for (let label = 0; label < nLabels; label++)
          unary[i * nLabels + label] = field[kind === "shared" ? label : i * nLabels + label]! + (seen[i] === label ? same : other);
      const grid: Grid = { height, width, labels: nLabels, unary, offsets: offsetsOf(neighbourhood), couplings };
      const out = marginals.subarray(image * size * nLabels, (image + 1) * size * nLabels);
      if (method === "gibbs") gibbs(grid, seen, sweeps, random, out);
      else if (method === "icm") iteratedConditionalModes(grid, seen, sweeps, out);
      else beliefPropagation(grid, sweeps, damping, out);
    }
    const best = new Int32Array(count * size);
    for (let i = 0; i < best.length; i++)
      for (let label = 1; label < nLabels; label++)
        if (marginals[i * nLabels + label]! > marginals[i * nLabels + best[i]!]!) best[i] = label;
    return {
      labels: dataTensor(best, [count, height, width], "int32"),
      marginals: floatTensor(marginals, [count, height, width, nLabels]),
    };
  }
}

async function readImages(
  where: string,
  images: TensorLike,
  nLabels: number,
): Promise<{ readonly count: number; readonly height: number; readonly width: number; readonly labels: Int32Array }> {
  const { shape, values } = await readNumbers(where, images);
  const [count, height, width] = shape;
  if ((shape.length !== 3 && !(shape.length === 4 && shape[3] === 1)) || values.length === 0)
    throw new ShapeError({ where, problem: "these are no images of labels", expected: "[n, height, width]", received: formatShape(shape) });
  const bad = values.findIndex((value) => !(Number.isInteger(value) && value >= 0 && value < nLabels));
  if (bad >= 0)
    throw new ValueError({
      where,
      problem: `pixel ${bad % (height! * width!)} of image ${Math.floor(bad / (height! * width!))} is no label`,
      expected: `whole numbers from 0 to ${nLabels - 1}`,
      received: String(values[bad]),
      advice: "black and white: ops.greater(images, 0.5) as int32",
    });
  return { count: count!, height: height!, width: width!, labels: Int32Array.from(values) };
}
