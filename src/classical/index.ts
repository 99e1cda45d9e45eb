/** What came before deep learning, and stands beside it (`nabla/classical`). */
export { Perceptron, type PerceptronOptions } from "./perceptron.ts";
export { type ClassWeight } from "./class-weights.ts";
export type { KernelFunction, KernelName } from "./svm/kernels.ts";
export { SVC, type SVCOptions } from "./svm/svc.ts";
export { LinearSVC, type LinearSVCOptions } from "./svm/linear-svc.ts";
export type { ForestOptions } from "./forest/random-forest.ts";
export { RandomForestClassifier, type RandomForestClassifierOptions } from "./forest/random-forest-classifier.ts";
export { RandomForestRegressor, type RandomForestRegressorOptions } from "./forest/random-forest-regressor.ts";
export { MarkovChain, type MarkovChainOptions, type StateSequence } from "./markov/markov-chain.ts";
export type { HiddenMarkovOptions, SequenceOptions } from "./markov/hidden-markov-model.ts";
export { CategoricalHMM, type CategoricalHMMOptions } from "./markov/categorical-hmm.ts";
export { GaussianHMM, type GaussianHMMOptions } from "./markov/gaussian-hmm.ts";
export type { Neighbourhood } from "./markov/grid-neighbours.ts";
export { type Denoised, type DenoiseOptions, MarkovRandomField, type MarkovRandomFieldOptions } from "./markov/markov-random-field.ts";
export { type Features, LinearChainCRF, type LinearChainCRFOptions } from "./markov/linear-chain-crf.ts";
export { majorityVote } from "./crowd/votes.ts";
export { DawidSkene, type DawidSkeneOptions } from "./crowd/dawid-skene.ts";
