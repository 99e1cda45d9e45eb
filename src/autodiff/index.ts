/** Gradients: graph to graph, any order. */
export { remat, type RematOptions } from "./remat.ts";
export { differentiate } from "./differentiate.ts";
export { grad, type GradientOf, type GradOptions, type GradWithAuxOptions, valueAndGrad } from "./grad.ts";
export { gradients, type GradientsOptions } from "./gradients.ts";
export { hessian, jacobian } from "./jacobian.ts";
