/** Metrics by name. */
import { binaryFocalCrossentropy, categoricalFocalCrossentropy } from "../losses/crossentropy.ts";
import { huber } from "../losses/regression.ts";
import { customObject, type CustomObjects, isSerialized, Registry, type SerializedObject } from "../serialization/index.ts";
import {
  Accuracy,
  BinaryAccuracy,
  CategoricalAccuracy,
  SparseCategoricalAccuracy,
  SparseTopKCategoricalAccuracy,
  TopKCategoricalAccuracy,
} from "./accuracy.ts";
import { AUC } from "./auc.ts";
import { FalseNegatives, FalsePositives, Precision, Recall, TrueNegatives, TruePositives } from "./confusion.ts";
import { ConcordanceCorrelation, PearsonCorrelation } from "./correlation.ts";
import { F1Score, FBetaScore } from "./f-score.ts";
import { BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU } from "./iou.ts";
import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  CategoricalHinge,
  CosineSimilarity,
  Hinge,
  KLDivergence,
  LogCoshError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  Poisson,
  RootMeanSquaredError,
  SparseCategoricalCrossentropy,
  SquaredHinge,
} from "./losses-as-metrics.ts";
import { Mean, type CustomMetricFunction, type MetricFunction, MeanMetricWrapperMetric, Sum } from "./mean.ts";
import { Metric } from "./metric.ts";
import { Perplexity } from "./perplexity.ts";
import { PrecisionAtRecall, RecallAtPrecision, SensitivityAtSpecificity, SpecificityAtSensitivity } from "./operating-point.ts";
import { R2Score } from "./r2-score.ts";

/** Every known metric. */
export const metricRegistry: Registry<Metric> = /* @__PURE__ */ new Registry<Metric>("metric", "keras.metrics");

/** Functions that Keras knows as metrics and that are no class. */
const functions = /* @__PURE__ */ new Map<string, MetricFunction>();

/** Registers every built-in metric under Keras's names. */
export function registerMetrics(): void {
  metricRegistry.register(MeanSquaredError, ["mse", "MSE"]);
  metricRegistry.register(MeanAbsoluteError, ["mae", "MAE"]);
  metricRegistry.register(MeanAbsolutePercentageError, ["mape", "MAPE"]);
  metricRegistry.register(MeanSquaredLogarithmicError, ["msle", "MSLE"]);
  metricRegistry.register(RootMeanSquaredError, ["rmse", "RMSE"]);
  metricRegistry.register(BinaryCrossentropy, ["bce", "BCE"]);
  metricRegistry.register(KLDivergence, ["kld", "KLD", "kullback_leibler_divergence"]);
  metricRegistry.register(LogCoshError, ["logcosh", "log_cosh"]);
  metricRegistry.register(CosineSimilarity, ["cosine"]);
  for (const cls of [
    Mean,
    Sum,
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    TopKCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    Poisson,
    Hinge,
    SquaredHinge,
    CategoricalHinge,
    TruePositives,
    TrueNegatives,
    FalsePositives,
    FalseNegatives,
    Precision,
    Recall,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
    PrecisionAtRecall,
    RecallAtPrecision,
    AUC,
    F1Score,
    R2Score,
    PearsonCorrelation,
    ConcordanceCorrelation,
    OneHotIoU,
    OneHotMeanIoU,
  ]) {
    metricRegistry.register(cls);
  }
  functions.set("huber", huber);
  functions.set("binary_focal_crossentropy", binaryFocalCrossentropy);
  functions.set("categorical_focal_crossentropy", categoricalFocalCrossentropy);
  // The name in KerasHub's files.
  metricRegistry.register(Perplexity, ["keras_hub>Perplexity"]);
  metricRegistry.register(FBetaScore, ["fbeta_score"]);
  metricRegistry.register(IoU, ["iou"]);
  metricRegistry.register(MeanIoU, ["mean_iou"]);
  metricRegistry.register(BinaryIoU, ["binary_iou"]);
}

/** What names a metric: Keras's name, a metric, a function of targets and predictions, or Keras's JSON. */
export type MetricIdentifier =
  string | Metric | CustomMetricFunction | SerializedObject | { readonly class_name: string; readonly config: unknown };

/** The metric of a name, of Keras's JSON, of a function (its mean), or itself. Throws UnknownNameError. */
export function get(identifier: MetricIdentifier, customObjects: CustomObjects = {}): Metric {
  if (identifier instanceof Metric) return identifier;
  if (typeof identifier === "function") return new MeanMetricWrapperMetric({ fn: identifier });
  const named = typeof identifier === "string" ? identifier : wrappedFunction(identifier);
  const custom = named === undefined ? undefined : customObject([named], customObjects);
  if (typeof custom === "function" && !("fromConfig" in custom)) return new MeanMetricWrapperMetric({ fn: custom as CustomMetricFunction });
  const fn = named === undefined || metricRegistry.has(named) ? undefined : functions.get(named);
  if (fn !== undefined) return new MeanMetricWrapperMetric({ fn, name: named! });
  return metricRegistry.get(identifier, customObjects);
}

/** The name of the function that a serialized MeanMetricWrapper, or function, is about. */
function wrappedFunction(json: object): string | undefined {
  if (!isSerialized(json)) return undefined;
  const fn = json.class_name === "MeanMetricWrapper" ? (json.config as { fn?: unknown }).fn : json;
  return isSerialized(fn) && typeof fn.config === "string" ? fn.config : undefined;
}

/** Keras's JSON of a metric. */
export function serialize(metric: Metric): SerializedObject {
  return metricRegistry.serialize(metric);
}
/** The metric that Keras's JSON describes. */
export function deserialize(json: string | SerializedObject, customObjects: CustomObjects = {}): Metric {
  return get(json, customObjects);
}

/**
 * What `compile({ metrics: [name] })` means: "accuracy" and "crossentropy" are resolved by the shapes of targets and
 * predictions, as Keras does; a metric asked for by name goes by that name in logs.
 */
export function resolveMetric(
  identifier: MetricIdentifier,
  yTrueShape: readonly (number | null)[],
  yPredShape: readonly (number | null)[],
  customObjects: CustomObjects = {},
): Metric {
  if (typeof identifier !== "string") return get(identifier, customObjects);
  const generic = /^acc(uracy)?$/i.test(identifier) ? "Accuracy" : /^(crossentropy|ce)$/i.test(identifier) ? "Crossentropy" : null;
  let name = identifier;
  if (generic !== null) {
    const [last, labels] = [yPredShape.at(-1) ?? null, yTrueShape.at(-1) ?? null];
    const sparse = yTrueShape.length < yPredShape.length || (labels === 1 && last !== null && last > 1);
    name = `${last === 1 ? "Binary" : sparse ? "SparseCategorical" : "Categorical"}${generic}`;
  }
  const metric = get(name, customObjects);
  metric.name = identifier;
  return metric;
}
