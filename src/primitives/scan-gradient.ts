/** The way back through a loop: a loop in the other direction. */
import { isFloat } from "../dtype/index.ts";
import { InternalError } from "../errors.ts";
import { type GradientContext, parameterTensor, Subgraph, Substitution, type Tensor, typeOf } from "../graph/index.ts";
import { add } from "./add.ts";
import { zerosLike } from "./full.ts";
import { isSameValue, nodesBelow } from "./scan-parts.ts";
import { withResiduals } from "./scan-residuals.ts";
import { plainScan, scan, scanAttributes } from "./scan.ts";
import { TimeSums } from "./scan-time-sums.ts";

function placeholder(like: Tensor): Tensor {
  const { shape, dtype } = typeOf(like);
  return parameterTensor(shape, dtype);
}

function isSame(value: Tensor, other: Tensor | null | undefined): boolean {
  return other !== null && other !== undefined && isSameValue(value, other);
}

/** Cotangents in the body of one step, as functions of the cotangents that come from the step after it. */
interface StepGradients {
  /** Which carries have a cotangent, and its parameter. */
  readonly carried: ReadonlyMap<number, Tensor>;
  /** Per parameter of the body; null where nothing flows. */
  readonly gradients: readonly (Tensor | null)[];
}

/** Differentiates the body, starting from cotangents of some ys and of the carries that turn out to have one. */
function stepGradients(
  body: Subgraph,
  carries: number,
  ys: ReadonlyMap<number, Tensor>,
  first: readonly number[],
  wanted: readonly boolean[],
  differentiate: GradientContext["differentiate"],
): StepGradients {
  const carried = new Map(first.map((i) => [i, placeholder(body.results[i]!)]));
  const asked = body.parameters.map((parameter, i) => isFloat(parameter.dtype) && (i < carries || wanted[i]!));
  const sources = body.parameters.filter((_, i) => asked[i]!);
  for (;;) {
    const found = differentiate(
      body.results,
      sources,
      body.results.map((_, i) => (i < carries ? carried.get(i) : ys.get(i))),
    );
    let next = 0;
    const gradients = asked.map((is) => (is ? found[next++]! : null));
    // A carry gets a cotangent from the step after it as soon as that step's gives one.
    const more = gradients.flatMap((gradient, i) => (i < carries && gradient !== null && !carried.has(i) ? [i] : []));
    if (more.length === 0) return { carried, gradients };
    for (const i of more) carried.set(i, placeholder(body.results[i]!));
  }
}

/**
 * Gradient rule of scan. The body of the reverse loop is the gradient of the body, with everything that the forward loop
 * kept (scan-residuals.ts) read back instead of computed again. Cotangents of constants are sums over time, taken after
 * the loop wherever they are sums of products (scan-time-sums.ts): the gradient of a recurrent weight is one contraction
 * over time and batch.
 */
export function scanGradient({
  inputs,
  outputs: given,
  attributes,
  cotangents,
  needed,
  differentiate,
}: GradientContext): (Tensor | null)[] {
  const { body: asGiven, carries, xs, length, reverse } = scanAttributes(attributes);
  const forward = withResiduals({
    body: asGiven,
    init: inputs.slice(0, carries),
    xs: inputs.slice(carries, carries + xs),
    constants: inputs.slice(carries + xs),
    length,
    reverse,
  });
  const { body } = forward;
  // A loop that kept nothing runs again.
  const outputs = body.results.length === asGiven.results.length ? given : plainScan(forward);
  const ys = new Map<number, Tensor>();
  const first: number[] = [];
  body.results.forEach((result, i) => {
    if (cotangents[i] === undefined || !isFloat(result.dtype)) return;
    if (i < carries) first.push(i);
    else ys.set(i, placeholder(result));
  });
  const { carried, gradients } = stepGradients(body, carries, ys, first, needed, differentiate);

  // Values of the forward step become slices of what the loop kept and of its xs, or constants.
  const slices: { parameter: Tensor; outside: Tensor }[] = [...ys].map(([i, parameter]) => ({ parameter, outside: cotangents[i]! }));
  const constants: { parameter: Tensor; outside: Tensor }[] = [];
  const substitution = new Substitution();
  const bind = (list: { parameter: Tensor; outside: Tensor }[], inside: Tensor, outside: Tensor): void => {
    const parameter = placeholder(inside);
    substitution.set(inside, parameter);
    list.push({ parameter, outside });
  };
  body.parameters.forEach((parameter, i) => {
    if (i >= carries) bind(i < carries + xs ? slices : constants, parameter, inputs[i]!);
  });
  const outer = new Set(body.parameters.slice(carries).map((parameter) => parameter.node));
  body.results.forEach((result, i) => {
    const isCarry = body.parameters.slice(0, carries).some((parameter) => parameter.node === result.node);
    if (i >= carries && !outer.has(result.node) && (isCarry || result.node.inputs.length > 0)) bind(slices, result, outputs[i]!);
  });
  const inner = gradients.map((gradient) => (gradient === null ? null : substitution.of(gradient)));
  const reached = new Set(nodesBelow(inner.filter((gradient) => gradient !== null)));
  const lost = body.parameters.slice(0, carries).find((parameter) => reached.has(parameter.node));
  if (lost !== undefined)
    throw new InternalError("gradient of scan", "the loop did not keep a carry that its gradient needs", lost.toString());

  const order = [...carried.keys()];
  const backParameters = [
    ...order.map((i) => carried.get(i)!),
    ...slices.map(({ parameter }) => parameter),
    ...constants.map(({ parameter }) => parameter),
  ];
  const init = order.map((i) => cotangents[i] ?? zerosLike(inputs[i]!));
  const newCarries = order.map((i) => inner[i] ?? zerosLike(body.results[i]!));
  const xGradients = inner.slice(carries, carries + xs);
  const constantGradients = inner.slice(carries + xs);
  const back = {
    init,
    xs: slices.map(({ outside }) => outside),
    constants: constants.map(({ outside }) => outside),
    length,
    reverse: !reverse,
  };
  const everything = [...newCarries, ...[...xGradients, ...constantGradients].filter((gradient) => gradient !== null)];
  const sums = new TimeSums(
    { ...back, body: new Subgraph(backParameters, everything) },
    xGradients.filter((gradient) => gradient !== null),
  );
  const totals = sums.plan(constantGradients);

  const accumulators = sums.accumulated.map(placeholder);
  const backBody = new Subgraph(
    [...backParameters.slice(0, order.length), ...accumulators, ...backParameters.slice(order.length)],
    [...newCarries, ...sums.accumulated.map((term, i) => add(accumulators[i]!, term)), ...sums.emitted],
  );
  const results = scan(backBody, { ...back, init: [...init, ...sums.accumulated.map(zerosLike)] });
  const accumulated = results.slice(order.length, order.length + accumulators.length);
  const emitted = results.slice(order.length + accumulators.length);
  const finished = totals.map((total) => total?.(accumulated, emitted) ?? null);
  return inputs.map((_, i) => {
    if (!needed[i]!) return null;
    if (i >= carries + xs) return finished[i - carries - xs]!;
    if (i >= carries) return emitted[sums.emitted.findIndex((value) => isSame(value, xGradients[i - carries]))] ?? null;
    const at = order.indexOf(i);
    // After a step through which nothing flows, nothing is left.
    return at < 0 || (inner[i] === null && length > 0) ? null : results[at]!;
  });
}
