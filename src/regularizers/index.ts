/** Penalties on weights and outputs (`keras.regularizers`). */
export { L1, L1L2, type L1L2Options, L1L2Regularizer, type L1Options, L1Regularizer, L2, type L2Options, L2Regularizer } from "./norms.ts";
export { L1 as l1, L1L2 as l1L2, L2 as l2 } from "./norms.ts";
export { OrthogonalRegularizer as orthogonalRegularizer } from "./orthogonal-regularizer.ts";
export { OrthogonalRegularizer, OrthogonalRegularizerClass, type OrthogonalRegularizerOptions } from "./orthogonal-regularizer.ts";
export { deserialize, get, registerRegularizers, type RegularizerIdentifier, regularizerRegistry, serialize } from "./registry.ts";
export { Regularizer } from "./regularizer.ts";
