/** What came before deep learning, and stands beside it (`nabla/classical`). */
export { Perceptron, type PerceptronOptions } from "./perceptron.ts";
export { type ClassWeight } from "./class-weights.ts";
export type { KernelFunction, KernelName } from "./svm/kernels.ts";
export { SVC, type SVCOptions } from "./svm/svc.ts";
export { LinearSVC, type LinearSVCOptions } from "./svm/linear-svc.ts";
export type { ForestOptions } from "./forest/random-forest.ts";
export { RandomForestClassifier, type RandomForestClassifierOptions } from "./forest/random-forest-classifier.ts";
export { RandomForestRegressor, type RandomForestRegressorOptions } from "./forest/random-forest-regressor.ts";
