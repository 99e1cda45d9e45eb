/** The loss of a model: one loss per output, weighted and added. */
import { nearestNames, UnknownNameError, ValueError } from "../errors.ts";
import { isPlainObject, type Tensor } from "../graph/index.ts";
import { describe } from "../layers/describe.ts";
import { maskOf } from "../layers/masks.ts";
import * as losses from "../losses/index.ts";
import * as ops from "../ops/index.ts";
import { snakeCaseOfClass } from "../serialization/index.ts";

/** One loss: a name, an object of `losses`, or a function. Null: none for this output. */
export type LossIdentifier = losses.LossIdentifier | null;

/** Losses of a model: one for all outputs, a list by position, or an object by output name. */
export type LossOption = LossIdentifier | readonly LossIdentifier[] | { readonly [output: string]: LossIdentifier };

/** Weights of the losses: one number, a list by position, or an object by output name. */
export type LossWeights = number | readonly number[] | { readonly [output: string]: number };

/** A loss as it is called. */
export type LossCall = (yTrue: Tensor, yPred: Tensor, options: { sampleWeight?: Tensor | null; mask?: Tensor | null }) => Tensor;

/** One output's loss. */
interface OutputLoss {
  readonly identifier: LossIdentifier;
  readonly weight: number;
}

/** Losses whose targets have the shape of the prediction (or broadcast to it). */
const elementwiseLosses: ReadonlySet<string> = new Set([
  "mean_squared_error",
  "mse",
  "mean_absolute_error",
  "mae",
  "mean_absolute_percentage_error",
  "mape",
  "mean_squared_logarithmic_error",
  "msle",
  "binary_crossentropy",
  "binary_focal_crossentropy",
  "categorical_crossentropy",
  "categorical_focal_crossentropy",
  "kl_divergence",
  "kullback_leibler_divergence",
  "poisson",
  "huber",
  "log_cosh",
  "logcosh",
  "hinge",
  "squared_hinge",
  "categorical_hinge",
]);

/** Whether a loss, metric or their like stands for itself: a name, a function, an object with a class. */
function isIdentifier(value: unknown): boolean {
  return (
    value === null ||
    typeof value === "string" ||
    typeof value === "function" ||
    (isPlainObject(value) && typeof value.class_name === "string")
  );
}

/** Values given per output, as a list in output order. Throws where names or counts do not fit. */
export function perOutput<T>(
  where: string,
  what: string,
  given: T | readonly T[] | { readonly [output: string]: T },
  names: readonly string[],
  fallback: T,
): T[] {
  if (isPlainObject(given) && !isIdentifier(given)) {
    for (const key of Object.keys(given)) {
      if (names.includes(key)) continue;
      const near = nearestNames(key, names);
      throw new UnknownNameError({
        where,
        problem: `${what} names an output that does not exist`,
        expected: names.map((name) => `"${name}"`).join(", "),
        received: JSON.stringify(key),
        ...(near.length > 0 ? { advice: `perhaps "${near[0]!}"` } : {}),
      });
    }
    return names.map((name) => (given as Record<string, T>)[name] ?? fallback);
  }
  if (Array.isArray(given)) {
    const list = given as readonly T[];
    if (list.length !== names.length) {
      throw new ValueError({
        where,
        problem: `the list of ${what} does not fit the outputs`,
        expected: `${names.length}, one per output: ${names.join(", ")}`,
        received: String(list.length),
      });
    }
    return [...list];
  }
  return names.map(() => given as T);
}

/** What `compile({ loss, lossWeights })` asks for. */
export class CompiledLoss {
  readonly outputs: readonly OutputLoss[];
  readonly #calls: (LossCall | null)[] = [];

  constructor(where: string, loss: LossOption, weights: LossWeights | null, outputNames: readonly string[]) {
    const identifiers = perOutput<LossIdentifier>(where, "loss", loss, outputNames, null);
    const factors = weights === null ? outputNames.map(() => 1) : perOutput<number>(where, "lossWeights", weights, outputNames, 1);
    for (const factor of factors) {
      if (typeof factor !== "number" || !Number.isFinite(factor)) {
        throw new ValueError({ where, problem: "a loss weight is a number", expected: "finite numbers", received: describe(factor) });
      }
    }
    this.outputs = identifiers.map((identifier, index) => ({ identifier, weight: factors[index]! }));
    // Unknown names fail here, not in the first step. "crossentropy" is resolved when shapes are known.
    for (const { identifier } of this.outputs) if (identifier !== null && !isGenericCrossentropy(identifier)) losses.get(identifier);
  }

  /** What the loss of an output wants as targets: class numbers, values of the prediction's shape, or only it knows. */
  kindOf(output: number): "none" | "classNumbers" | "elementwise" | "custom" {
    const identifier = this.outputs[output]?.identifier ?? null;
    if (identifier === null) return "none";
    if (isGenericCrossentropy(identifier)) return "custom";
    const name = nameOf(identifier);
    if (/^sparse_?categorical_?crossentropy$/i.test(name)) return "classNumbers";
    return elementwiseLosses.has(snakeCaseOfClass(name)) ? "elementwise" : "custom";
  }

  /** Name of the loss of an output, for messages. */
  nameOf(output: number): string {
    return nameOf(this.outputs[output]?.identifier ?? null);
  }

  /** The label that the loss of an output ignores (`ignore_class`); null where there is none. */
  ignoredClass(output: number): number | null {
    const identifier = this.outputs[output]?.identifier as { ignoreClass?: number | null } | null;
    return typeof identifier === "object" || typeof identifier === "function" ? (identifier?.ignoreClass ?? null) : null;
  }

  /** Weighted sum over the outputs that have a loss; null where none has. Built inside a trace. */
  total(yTrue: readonly (Tensor | null)[], yPred: readonly Tensor[], sampleWeights: readonly (Tensor | null)[]): Tensor | null {
    let total: Tensor | null = null;
    this.outputs.forEach(({ identifier, weight }, index) => {
      const truth = yTrue[index] ?? null;
      const prediction = yPred[index];
      if (identifier === null || truth === null || prediction === undefined) return;
      const call = (this.#calls[index] ??= resolveLoss(identifier, truth, prediction));
      let value = call(truth, prediction, { sampleWeight: sampleWeights[index] ?? null, mask: maskOf(prediction) });
      if (value.rank > 0) value = ops.mean(value);
      if (weight !== 1) value = ops.multiply(value, weight);
      total = total === null ? value : ops.add(total, value);
    });
    return total;
  }
}

function isGenericCrossentropy(identifier: LossIdentifier): boolean {
  return typeof identifier === "string" && ["crossentropy", "ce"].includes(identifier.toLowerCase());
}

function nameOf(identifier: LossIdentifier): string {
  if (typeof identifier === "string") return identifier;
  if (isPlainObject(identifier)) return String(identifier.class_name);
  const loss = identifier as { name?: string; constructor: { className?: string } } | null;
  return loss?.constructor.className ?? loss?.name ?? "";
}

/** Keras's guess of what "accuracy" and "crossentropy" mean, from the shapes of labels and predictions. */
export function kindOfTargets(yTrue: Tensor, yPred: Tensor): "binary" | "sparse" | "categorical" {
  const last = yPred.shape.at(-1);
  if (last === 1) return "binary";
  return yTrue.rank < yPred.rank || (yTrue.shape.at(-1) === 1 && (last ?? 0) > 1) ? "sparse" : "categorical";
}

function resolveLoss(identifier: NonNullable<LossIdentifier>, yTrue: Tensor, yPred: Tensor): LossCall {
  const generic = {
    binary: "binary_crossentropy",
    sparse: "sparse_categorical_crossentropy",
    categorical: "categorical_crossentropy",
  } as const;
  const resolved = losses.get(isGenericCrossentropy(identifier) ? generic[kindOfTargets(yTrue, yPred)] : identifier);
  return resolved;
}
