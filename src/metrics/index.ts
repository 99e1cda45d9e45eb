/** Metrics (`keras.metrics`). */
export {
  Accuracy, accuracy, AccuracyMetric, BinaryAccuracy, binaryAccuracy, BinaryAccuracyMetric, type BinaryAccuracyOptions, CategoricalAccuracy, categoricalAccuracy,
  CategoricalAccuracyMetric, SparseCategoricalAccuracy, sparseCategoricalAccuracy, SparseCategoricalAccuracyMetric, SparseTopKCategoricalAccuracy,
  sparseTopKCategoricalAccuracy, SparseTopKCategoricalAccuracyMetric, TopKCategoricalAccuracy, topKCategoricalAccuracy, TopKCategoricalAccuracyMetric, type TopKOptions,
} from "./accuracy.ts";
export {
  type CountOptions, FalseNegatives, FalseNegativesMetric, FalsePositives, FalsePositivesMetric, Precision, PrecisionMetric, type PrecisionOptions, Recall, RecallMetric,
  type Thresholds, TrueNegatives, TrueNegativesMetric, TruePositives, TruePositivesMetric,
} from "./confusion.ts";
export {
  BinaryCrossentropy, BinaryCrossentropyMetric, CategoricalCrossentropy, CategoricalCrossentropyMetric, CategoricalHinge, CategoricalHingeMetric, type CosineMetricOptions,
  CosineSimilarity, CosineSimilarityMetric, type CrossentropyMetricOptions, Hinge, HingeMetric, KLDivergence, KLDivergenceMetric, LogCoshError, LogCoshErrorMetric,
  MeanAbsoluteError, MeanAbsoluteErrorMetric, MeanAbsolutePercentageError, MeanAbsolutePercentageErrorMetric, MeanSquaredError, MeanSquaredErrorMetric,
  MeanSquaredLogarithmicError, MeanSquaredLogarithmicErrorMetric, Poisson, PoissonMetric, RootMeanSquaredError, RootMeanSquaredErrorMetric,
  SparseCategoricalCrossentropy, SparseCategoricalCrossentropyMetric, SquaredHinge, SquaredHingeMetric,
} from "./losses-as-metrics.ts";
export { Mean, MeanMetric, MeanMetricWrapper, MeanMetricWrapperMetric, type MeanMetricWrapperOptions, type MetricFunction, Sum, SumMetric } from "./mean.ts";
export { Metric, type MetricOptions, type UpdateOptions } from "./metric.ts";
export { deserialize, get, type MetricIdentifier, metricRegistry, registerMetrics, resolveMetric, serialize } from "./registry.ts";
