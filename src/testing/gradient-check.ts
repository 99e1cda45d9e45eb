/**
 * Gradients against central differences, in float64 on the reference back-end, with a tolerance that comes from the
 * differences themselves: two step sizes tell the truncation error, the size of what is summed tells the rounding error.
 */
import { differentiate } from "../autodiff/index.ts";
import { interpret } from "../backends/reference/index.ts";
import { hostArray, isFloat } from "../dtype/index.ts";
import { concreteShape, type NdArray, parameterTensor, sizeOf, Subgraph, type Tensor, typeOf } from "../graph/index.ts";
import { zerosLike } from "../primitives/index.ts";
import { Random } from "./random.ts";

/** Relative step of the differences: near eps^(1/5), where truncation of order 4 and rounding balance. */
const relativeStep = 2e-4;
/** Elements of one input that are perturbed; of more, an even choice. */
const elementsChecked = 48;

/**
 * Checks a graph in float64 (inFloat64 makes one) at `args`: its first derivatives (weighted by fixed random cotangents)
 * and, unless `order` is 1, those of the first derivatives, by inputs and by cotangents. Returns what disagrees, one line
 * each; empty where all is well.
 */
export function checkGradients(graph: Subgraph, args: readonly NdArray[], order: 1 | 2 = 2): string[] {
  const random = new Random(7);
  const weights = (tensor: Tensor): NdArray => {
    const type = typeOf(tensor);
    const data = hostArray(type.dtype, sizeOf(type.shape)).map(() => random.uniform(0.5, 1.5) * (random.chance(0.5) ? 1 : -1));
    return { ...type, data };
  };
  const outputs = graph.results.filter((result) => isFloat(result.dtype));
  const xs = graph.parameters.filter((parameter) => isFloat(parameter.dtype));
  if (outputs.length === 0 || xs.length === 0) return [];

  const cotangents = outputs.map((output) => parameterTensor(concreteShape(output), output.dtype));
  const first = differentiate(outputs, xs, cotangents).map((gradient, i) => gradient ?? zerosLike(xs[i]!));
  const parameters = [...graph.parameters, ...cotangents];
  const values = [...args, ...outputs.map(weights)];
  const failures = compare(
    "first",
    parameters,
    values,
    outputs,
    cotangents.map((_, i) => values[args.length + i]!),
    xs,
    first,
  );
  if (order === 1) return failures;

  const outer = first.map((gradient) => parameterTensor(concreteShape(gradient), gradient.dtype));
  const variables = [...xs, ...cotangents];
  const second = differentiate(first, variables, outer).map((gradient, i) => gradient ?? zerosLike(variables[i]!));
  const outerValues = first.map(weights);
  return [...failures, ...compare("second", [...parameters, ...outer], [...values, ...outerValues], first, outerValues, variables, second)];
}

/** Compares `gradients` of sum(weights * outputs) by `xs` with differences. */
function compare(
  name: string,
  parameters: readonly Tensor[],
  values: readonly NdArray[],
  outputs: readonly Tensor[],
  weights: readonly NdArray[],
  xs: readonly Tensor[],
  gradients: readonly Tensor[],
): string[] {
  const computed = interpret(new Subgraph(parameters, gradients), values);
  const probe = new Subgraph(parameters, outputs);
  /** The weighted sum, and the sum of magnitudes that went into it. */
  const evaluate = (inputs: readonly NdArray[]): { sum: number; magnitude: number } => {
    let sum = 0;
    let magnitude = 0;
    interpret(probe, inputs).forEach((output, i) => {
      for (let at = 0; at < output.data.length; at++) {
        const term = output.data[at]! * weights[i]!.data[at]!;
        sum += term;
        magnitude += Math.abs(term);
      }
    });
    return { sum, magnitude };
  };

  const failures: string[] = [];
  xs.forEach((x, which) => {
    const position = parameters.indexOf(x);
    const at = values[position]!;
    const stride = Math.max(1, Math.ceil(at.data.length / elementsChecked));
    for (let element = 0; element < at.data.length; element += stride) {
      const center = at.data[element]!;
      const step = relativeStep * Math.max(Math.abs(center), 0.01);
      const shifted = (by: number): { sum: number; magnitude: number } => {
        const data = at.data.slice();
        data[element] = center + by;
        return evaluate(values.with(position, { ...at, data }));
      };
      const [up, down, up2, down2] = [shifted(step), shifted(-step), shifted(2 * step), shifted(-2 * step)];
      const narrow = (up.sum - down.sum) / (2 * step);
      const wide = (up2.sum - down2.sum) / (4 * step);
      // Richardson: the error of order 2 cancels; what remains is far below their difference.
      const estimate = (4 * narrow - wide) / 3;
      const rounding = (32 * Number.EPSILON * Math.max(up2.magnitude, down2.magnitude)) / step;
      const tolerance = Math.abs(narrow - wide) + rounding;
      const value = computed[which]!.data[element]!;
      if (!(Math.abs(value - estimate) <= tolerance)) {
        failures.push(
          `${name} derivative by element ${element} of input ${which}: ${value}, by differences ${estimate} within ${tolerance}`,
        );
      }
    }
  });
  return failures;
}
