/** Training a small model by a large one. */
import { ValueError } from "../errors.ts";
import { formatShape, type Shape, type Tensor } from "../graph/index.ts";
import { layerRegistry } from "../layers/index.ts";
import { flattenStructure, mapStructure } from "../layers/structure.ts";
import * as metrics from "../metrics/index.ts";
import { Model } from "../models/index.ts";
import type { CompileOptions } from "../models/index.ts";
import type { CallOptions } from "../layers/index.ts";
import * as ops from "../ops/index.ts";
import { checkOptions, type Config, isSerialized, snakeCaseKeys } from "../serialization/index.ts";
import { DistillationLoss, FeatureDistillation, LogitsDistillation } from "./losses.ts";

type AnyModel = Model<unknown, unknown>;

/** Options of Distiller. */
export interface DistillerOptions {
  /** The trained model. It is not trained any more. */
  readonly teacher: AnyModel;
  /** The model that is trained. */
  readonly student: AnyModel;
  /** One loss between both, or a list. */
  readonly distillationLosses: DistillationLoss | readonly DistillationLoss[];
  /** Weight of each loss of the list. Default: 1. */
  readonly distillationLossWeights?: readonly number[] | null;
  /** Share of the student's own loss; the rest is the distillation's. From 0 to 1, default 0.5. */
  readonly studentLossWeight?: number;
  /** Default "distiller". */
  readonly name?: string;
}

/**
 * Trains a student with targets and a teacher's answers at once: `loss = w s + (1 - w) d`, s the loss of `compile`, d the
 * sum of the distillation losses. Hinton et al. 2015, arXiv:1503.02531.
 *
 * @example
 * const distiller = new distillation.Distiller({
 *   teacher,
 *   student,
 *   distillationLosses: new distillation.LogitsDistillation({ temperature: 3 }),
 * });
 * distiller.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
 * await distiller.fit(x, y, { epochs: 5 });
 */
export class Distiller extends Model<unknown, unknown> {
  static override readonly className: string = "Distiller";
  readonly teacher: AnyModel;
  readonly student: AnyModel;
  readonly distillationLosses: readonly DistillationLoss[];
  readonly distillationLossWeights: readonly number[];
  readonly studentLossWeight: number;
  readonly studentLossTracker: metrics.Mean;
  readonly distillationLossTracker: metrics.Mean;
  readonly totalLossTracker: metrics.Mean;
  readonly #teacherFeatures: AnyModel | null;
  readonly #studentFeatures: AnyModel | null;
  #batch: { readonly x: unknown; readonly studentOutputs: Readonly<Record<string, unknown>> | null } | null = null;

  constructor(options: DistillerOptions) {
    const where = "distillation.Distiller";
    checkOptions(where, options, [
      "teacher",
      "student",
      "distillationLosses",
      "distillationLossWeights",
      "studentLossWeight",
      "name",
      "trainable",
      "dtype",
    ]);
    super({ name: options.name ?? "distiller" });
    const { teacher, student } = options;
    for (const [what, model] of Object.entries({ teacher, student }))
      if (!((model as unknown) instanceof Model))
        throw new ValueError({ where, problem: `the ${what} is no model`, expected: "a Model", received: typeof model });
    const given = options.distillationLosses as unknown;
    const list: readonly unknown[] = Array.isArray(given) ? given : [given];
    if (list.length === 0 || !list.every((loss) => loss instanceof DistillationLoss)) {
      throw new ValueError({
        where,
        problem: "distillationLosses is missing, or holds something that is no distillation loss",
        expected: "LogitsDistillation, FeatureDistillation, or a class that extends DistillationLoss",
        received: list.map((loss) => typeof loss).join(", ") || "an empty list",
      });
    }
    this.distillationLosses = list;
    this.distillationLossWeights = options.distillationLossWeights ?? list.map(() => 1);
    if (this.distillationLossWeights.length !== list.length)
      throw new ValueError({
        where,
        problem: "there must be one weight per distillation loss",
        expected: String(list.length),
        received: String(this.distillationLossWeights.length),
      });
    this.studentLossWeight = options.studentLossWeight ?? 0.5;
    if (!(this.studentLossWeight >= 0 && this.studentLossWeight <= 1))
      throw new ValueError({
        where,
        problem: "studentLossWeight is a share",
        expected: "0 to 1",
        received: String(this.studentLossWeight),
      });
    compatible(where, teacher, student);
    for (const loss of this.distillationLosses) loss.validateModelCompatibility(teacher, student);
    this.teacher = teacher;
    this.student = student;
    teacher.trainable = false;
    this.studentLossTracker = new metrics.Mean({ name: "student_loss" });
    this.distillationLossTracker = new metrics.Mean({ name: "distillation_loss" });
    this.totalLossTracker = new metrics.Mean({ name: "total_loss" });
    this.#teacherFeatures = featuresOf(
      teacher,
      this.distillationLosses.map(({ teacherLayerName }) => teacherLayerName),
    );
    this.#studentFeatures = featuresOf(
      student,
      this.distillationLosses.map(({ studentLayerName }) => studentLayerName),
    );
  }

  /** Throws ValueError without a loss for the student. */
  override compile(options: CompileOptions = {}): void {
    if (options.loss === undefined || options.loss === null)
      throw new ValueError({ where: `${this.label}.compile`, problem: "the student needs a loss", expected: "loss", received: "null" });
    super.compile(options);
  }

  override call(inputs: unknown, options: CallOptions = {}): unknown {
    const call = (model: AnyModel, training: boolean): unknown => model(inputs, { training });
    const training = options.training === true;
    if (!training || this.#studentFeatures === null) {
      this.#batch = { x: inputs, studentOutputs: null };
      return call(this.student, training);
    }
    // One pass gives outputs and features.
    const studentOutputs = call(this.#studentFeatures, true) as Record<string, unknown>;
    this.#batch = { x: inputs, studentOutputs };
    return studentOutputs[outputKey];
  }

  override computeLoss(data: Parameters<Model["computeLoss"]>[0]): Tensor {
    const zero = ops.zeros([]);
    const share = this.studentLossWeight;
    const studentLoss = share > 0 && data.y !== null ? super.computeLoss(data) : zero;
    const distilled = share < 1 ? this.#distillation(data.yPred) : zero;
    const total = ops.add(ops.multiply(studentLoss, share), ops.multiply(distilled, 1 - share));
    this.studentLossTracker.updateState(studentLoss);
    this.distillationLossTracker.updateState(distilled);
    this.totalLossTracker.updateState(total);
    return total;
  }

  #distillation(yPred: unknown): Tensor {
    const { x, studentOutputs } = this.#batch!;
    const model = this.#teacherFeatures ?? this.teacher;
    const answer = model(x, { training: false });
    const teacher = this.#teacherFeatures === null ? { [outputKey]: answer } : (answer as Readonly<Record<string, unknown>>);
    const student =
      studentOutputs ??
      (this.#studentFeatures === null
        ? { [outputKey]: yPred }
        : (this.#studentFeatures(x, { training: false }) as Record<string, unknown>));
    const values = this.distillationLosses.map((loss, i) => {
      const [wanted, given] = [teacher[loss.teacherLayerName ?? outputKey], student[loss.studentLayerName ?? outputKey]];
      loss.validateOutputs(wanted, given);
      const value = loss.computeLoss(wanted, given);
      if (value.rank !== 0)
        throw new ValueError({
          where: this.label,
          problem: "a distillation loss is a scalar",
          expected: "[]",
          received: formatShape(value.shape),
        });
      return ops.multiply(value, this.distillationLossWeights[i]!);
    });
    return values.reduce((a, b) => ops.add(a, b));
  }

  override getConfig(): Config {
    const { teacher, student, distillationLosses, distillationLossWeights, studentLossWeight } = this;
    return {
      name: this.name,
      ...snakeCaseKeys({
        teacher: teacher.toJSON(),
        student: student.toJSON(),
        distillationLosses: distillationLosses.map((loss) => loss.toJSON()),
        distillationLossWeights,
        studentLossWeight,
      }),
    };
  }

  /** A distiller made from its configuration. */
  static override fromConfig(config: Config): never {
    const model = (json: unknown): AnyModel => layerRegistry.deserialize(json as object) as AnyModel;
    const loss = (json: unknown): DistillationLoss => {
      if (isSerialized(json) && json.class_name === "LogitsDistillation") return LogitsDistillation.fromConfig(json.config as Config);
      if (isSerialized(json) && json.class_name === "FeatureDistillation") return FeatureDistillation.fromConfig(json.config as Config);
      throw new ValueError({
        where: "distillation.Distiller",
        problem: "this distillation loss is not known",
        expected: "LogitsDistillation, FeatureDistillation",
        received: JSON.stringify(json)?.slice(0, 120) ?? typeof json,
        advice: "make the Distiller in code",
      });
    };
    return new Distiller({
      teacher: model(config.teacher),
      student: model(config.student),
      distillationLosses: (config.distillation_losses as unknown[]).map(loss),
      distillationLossWeights: config.distillation_loss_weights as number[],
      studentLossWeight: config.student_loss_weight as number,
      name: config.name as string,
    }) as never;
  }
}

const outputKey = "final_output";

/** A model that gives the outputs of some layers beside its own; null where none is asked for. */
function featuresOf(model: AnyModel, names: readonly (string | null)[]): AnyModel | null {
  const asked = [...new Set(names.filter((name) => name !== null))];
  if (asked.length === 0) return null;
  const graph = model.graph!;
  const outputs: Record<string, unknown> = { [outputKey]: model.outputs };
  for (const name of asked) {
    const layer = model.getLayer(name);
    const calls = graph.callsOf(layer);
    const given = calls.at(-1)!.outputs;
    outputs[name] = given.length === 1 ? given[0] : given;
  }
  return new Model<unknown, unknown>({ inputs: model.inputs, outputs, name: `${model.name}_features` });
}

function compatible(where: string, teacher: AnyModel, student: AnyModel): void {
  if (teacher.graph === null || student.graph === null) return;
  for (const what of ["inputs", "outputs"] as const) {
    const [a, b] = [flattenStructure(teacher[what]), flattenStructure(student[what])] as [Tensor[], Tensor[]];
    const fits = a.length === b.length && a.every((tensor, i) => tensor.dtype === b[i]!.dtype && meets(tensor.shape, b[i]!.shape));
    if (fits) continue;
    const shown = (structure: unknown): string =>
      JSON.stringify(mapStructure(structure, (leaf) => `${(leaf as Tensor).dtype} ${formatShape((leaf as Tensor).shape)}`));
    throw new ValueError({
      where,
      problem: `teacher and student have different ${what}`,
      expected: shown(teacher[what]),
      received: shown(student[what]),
    });
  }
}

function meets(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === null || b[axis] === null || extent === b[axis]);
}
