/** How far a student's outputs or features are from its teacher's. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Tensor } from "../graph/index.ts";
import { flattenStructure, mapStructure } from "../layers/structure.ts";
import * as losses from "../losses/index.ts";
import type { Model } from "../models/index.ts";
import * as ops from "../ops/index.ts";
import { checkOptions, type Config, isSerialized, snakeCaseKeys } from "../serialization/index.ts";

type AnyModel = Model<unknown, unknown>;

/** A loss: its name, the loss itself, a function, or Keras's JSON; null: none for this output. */
export type LossChoice = string | object | ((yTrue: Tensor, yPred: Tensor) => Tensor) | null;

/** A loss, or a list or object of losses in the structure of the outputs. */
export type LossStructure = LossChoice | readonly LossStructure[] | { readonly [name: string]: LossStructure };

type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/**
 * The base of losses between teacher and student. A class of your own overrides `computeLoss`, which gives a scalar.
 */
export abstract class DistillationLoss {
  static readonly className: string = "DistillationLoss";
  /** The layers whose outputs are compared; null: the models' outputs. */
  readonly teacherLayerName: string | null = null;
  readonly studentLayerName: string | null = null;

  /** The loss, a scalar, of outputs in one structure. */
  abstract computeLoss(teacherOutputs: unknown, studentOutputs: unknown): Tensor;

  /** Throws ShapeError where the structures differ. */
  validateOutputs(teacherOutputs: unknown, studentOutputs: unknown): void {
    const [a, b] = [flattenStructure(teacherOutputs), flattenStructure(studentOutputs)];
    if (a.length === b.length) return;
    throw new ShapeError({
      where: this.#name,
      problem: "teacher and student give different numbers of outputs",
      expected: String(a.length),
      received: String(b.length),
    });
  }

  /** Throws ValueError where the models cannot be compared in this way. */
  validateModelCompatibility(_teacher: AnyModel, _student: AnyModel): void {
    // Nothing by default.
  }

  get #name(): string {
    return (this.constructor as typeof DistillationLoss).className;
  }

  /** Keras's configuration. */
  getConfig(): Config {
    return {};
  }

  toJSON(): Config {
    return { module: "keras.distillation", class_name: this.#name, config: this.getConfig(), registered_name: null };
  }
}

/** Losses of a choice, in its structure. Throws UnknownNameError for unknown names, ValueError where there is none. */
function resolved(where: string, choice: unknown): unknown {
  const structure = mapLosses(choice, (leaf) => (leaf === null || leaf === undefined ? null : losses.get(leaf as string)));
  if (flattenLosses(structure).every((loss) => loss === null))
    throw new ValueError({ where, problem: "there is no loss", expected: "at least one loss that is not null", received: "null" });
  return structure;
}

function isLeaf(choice: unknown): boolean {
  return choice === null || typeof choice !== "object" || isSerialized(choice) || losses.Loss.prototype.isPrototypeOf(choice);
}

function mapLosses(choice: unknown, f: (leaf: unknown) => unknown): unknown {
  if (isLeaf(choice)) return f(choice);
  if (Array.isArray(choice)) return choice.map((part) => mapLosses(part, f));
  return Object.fromEntries(Object.entries(choice as object).map(([key, part]) => [key, mapLosses(part, f)]));
}

function flattenLosses(choice: unknown): (LossFunction | null)[] {
  const found: (LossFunction | null)[] = [];
  mapLosses(choice, (leaf) => found.push(leaf as LossFunction | null));
  return found;
}

/** The losses of a structure of outputs, one each. Throws ShapeError where the numbers differ. */
function perOutput(where: string, choice: unknown, outputs: readonly unknown[]): (LossFunction | null)[] {
  const given = flattenLosses(choice);
  if (given.length === outputs.length) return given;
  throw new ShapeError({
    where,
    problem: "there must be one loss per output",
    expected: String(outputs.length),
    received: String(given.length),
    advice: "losses stand in the structure of the outputs, null where an output is left out",
  });
}

function serialized(choice: unknown): unknown {
  return mapLosses(choice, (leaf) => (leaf === null ? null : losses.serialize(leaf as losses.Loss)));
}

/** Options of LogitsDistillation. */
export interface LogitsDistillationOptions {
  /** What logits are divided by: higher is softer. Default 3. */
  readonly temperature?: number;
  /** Default "kl_divergence", of the softmax of both, times the temperature's square. */
  readonly loss?: LossStructure;
}

/**
 * Compares the outputs of both models, divided by a temperature. Hinton et al. 2015, arXiv:1503.02531.
 *
 * @example
 * const loss = new distillation.LogitsDistillation({ temperature: 4 });
 */
export class LogitsDistillation extends DistillationLoss {
  static override readonly className: string = "LogitsDistillation";
  readonly temperature: number;
  readonly loss: unknown;

  constructor(options: LogitsDistillationOptions = {}) {
    super();
    const where = "distillation.LogitsDistillation";
    checkOptions(where, options, ["temperature", "loss"]);
    this.temperature = options.temperature ?? 3;
    if (!(typeof this.temperature === "number" && this.temperature > 0))
      throw new ValueError({ where, problem: "the temperature must be positive", received: String(this.temperature) });
    this.loss = resolved(where, options.loss ?? "kl_divergence");
  }

  override computeLoss(teacherOutputs: unknown, studentOutputs: unknown): Tensor {
    const cooled = (outputs: unknown): Tensor[] =>
      flattenStructure(mapStructure(outputs, (leaf) => ops.divide(leaf as Tensor, this.temperature))) as Tensor[];
    const [teacher, student] = [cooled(teacherOutputs), cooled(studentOutputs)];
    const given = perOutput("distillation.LogitsDistillation", this.loss, teacher);
    const values = given.flatMap((loss, i) => {
      if (loss === null) return [];
      if (!(loss instanceof losses.KLDivergence)) return [ops.mean(loss(teacher[i]!, student[i]!))];
      const value = ops.mean(loss(ops.softmax(teacher[i]!, { axis: -1 }), ops.softmax(student[i]!, { axis: -1 })));
      return [ops.multiply(value, this.temperature ** 2)];
    });
    return values.reduce((a, b) => ops.add(a, b));
  }

  override getConfig(): Config {
    return { temperature: this.temperature, loss: serialized(this.loss) };
  }

  /** The loss that Keras's configuration describes. */
  static fromConfig(config: Config): LogitsDistillation {
    return new LogitsDistillation(config);
  }
}

/** Options of FeatureDistillation. */
export interface FeatureDistillationOptions {
  /** Default "mse". */
  readonly loss?: LossStructure;
  /** Default: the teacher's outputs. */
  readonly teacherLayerName?: string | null;
  /** Default: the student's outputs. */
  readonly studentLayerName?: string | null;
}

/**
 * Compares what two layers give, one of each model. Romero et al. 2015, arXiv:1412.6550.
 *
 * @example
 * const loss = new distillation.FeatureDistillation({ teacherLayerName: "dense_1", studentLayerName: "small_1" });
 */
export class FeatureDistillation extends DistillationLoss {
  static override readonly className: string = "FeatureDistillation";
  override readonly teacherLayerName: string | null;
  override readonly studentLayerName: string | null;
  readonly loss: unknown;

  constructor(options: FeatureDistillationOptions = {}) {
    super();
    const where = "distillation.FeatureDistillation";
    checkOptions(where, options, ["loss", "teacherLayerName", "studentLayerName"]);
    this.loss = resolved(where, options.loss ?? "mse");
    this.teacherLayerName = options.teacherLayerName ?? null;
    this.studentLayerName = options.studentLayerName ?? null;
  }

  override validateModelCompatibility(teacher: AnyModel, student: AnyModel): void {
    const named = [
      [teacher, this.teacherLayerName],
      [student, this.studentLayerName],
    ] as const;
    for (const [model, name] of named) {
      if (name === null) continue;
      if (model.graph === null) {
        throw new ValueError({
          where: "distillation.FeatureDistillation",
          problem: `the layers of ${model.label} cannot be looked into`,
          expected: "a functional or Sequential model that is built",
          received: model.className,
          advice: "leave the names of the layers out to compare outputs",
        });
      }
      model.getLayer(name);
    }
  }

  override computeLoss(teacherOutputs: unknown, studentOutputs: unknown): Tensor {
    const [teacher, student] = [flattenStructure(teacherOutputs), flattenStructure(studentOutputs)] as [Tensor[], Tensor[]];
    const given = perOutput("distillation.FeatureDistillation", this.loss, teacher);
    for (const [i, { shape }] of teacher.entries()) {
      if (given[i] === null || formatShape(shape) === formatShape(student[i]!.shape)) continue;
      throw new ShapeError({
        where: "distillation.FeatureDistillation",
        problem: "teacher and student give features of different shapes",
        expected: formatShape(shape),
        received: formatShape(student[i]!.shape),
        advice: "put a layer behind the student's features that brings them to the teacher's width",
      });
    }
    const values = given.flatMap((loss, i) => (loss === null ? [] : [ops.mean(loss(teacher[i]!, student[i]!))]));
    return values.reduce((a, b) => ops.add(a, b));
  }

  override getConfig(): Config {
    const { teacherLayerName, studentLayerName } = this;
    return { loss: serialized(this.loss), ...snakeCaseKeys({ teacherLayerName, studentLayerName }) };
  }

  /** The loss that Keras's configuration describes. */
  static fromConfig(config: Config): FeatureDistillation {
    const { loss, teacher_layer_name: teacherLayerName, student_layer_name: studentLayerName } = config;
    return new FeatureDistillation({ loss, teacherLayerName, studentLayerName } as FeatureDistillationOptions);
  }
}
