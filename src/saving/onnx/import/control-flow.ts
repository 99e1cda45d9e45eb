/** ONNX's branches and loops. */
import type { Tensor } from "../../../graph/index.ts";
import * as ops from "../../../ops/index.ts";
import * as P from "../../../primitives/index.ts";
import type { GraphProto } from "../schema.ts";
import { type NodeContext, type Operator, shapeOf } from "./operator.ts";

function branch(context: NodeContext): readonly Tensor[] {
  const condition = context.input(0);
  const [then, otherwise] = [context.graph("then_branch"), context.graph("else_branch")];
  const known = context.knownOf(condition)?.data[0];
  const run = (graph: GraphProto): Tensor[] => context.surroundings.run(graph, []);
  if (known !== undefined) return run(known === 0 ? otherwise : then);
  return ops.cond(
    P.reshape(condition, []),
    () => run(then),
    () => run(otherwise),
  );
}

/** Whether the body hands on the condition it is given, or a constant one. */
function keepsGoing(context: NodeContext, body: GraphProto): boolean {
  const result = body.output[0]?.name;
  const given = body.input[1]?.name;
  let name = result;
  for (let i = 0; i < 8 && name !== given; i++) {
    const node = body.node.find(({ output }) => output[0] === name);
    if (node === undefined) {
      const constant = body.initializer.find((tensor) => tensor.name === name);
      return constant !== undefined && context.readTensor(constant).node.values[0]?.[0] === 1;
    }
    if (node.opType === "Identity" || (node.opType === "Cast" && node.input.length === 1)) name = node.input[0];
    else if (node.opType === "Constant") {
      const value = node.attribute.find((attribute) => attribute.name === "value")?.t;
      return value !== undefined && context.readTensor(value).node.values[0]?.[0] === 1;
    } else return false;
  }
  return name === given;
}

function loop(context: NodeContext): readonly Tensor[] {
  const body = context.graph("body");
  const [trips, start] = [context.optional(0), context.optional(1)];
  const states = context.inputs.slice(2).map((_, i) => context.input(i + 2));
  const limit = trips === null ? null : context.knownOf(trips)?.data[0];
  const begins = start === null ? 1 : context.knownOf(start)?.data[0];
  const scanned = body.output.length - 1 - states.length;
  const run = (step: Tensor, going: Tensor, carried: readonly Tensor[]): Tensor[] =>
    context.surroundings.run(body, [step, going, ...carried]);
  if (begins === 0 && scanned === 0) return states;
  if (limit !== undefined && limit !== null && begins === 1 && keepsGoing(context, body)) {
    const steps = P.iota([limit], 0, "int32");
    const [last, outputs] = ops.scan(
      (carried: Tensor[], step: Tensor) => {
        const results = run(step, P.constant(1, "bool"), carried);
        return [results.slice(1, 1 + states.length), results.slice(1 + states.length)] as const;
      },
      states,
      steps,
      limit,
    );
    return [...last, ...outputs];
  }
  if (scanned > 0)
    throw context.error(
      "a loop whose length depends on values collects outputs of every step",
      "a constant trip count and a condition that stays true, or no collected outputs",
      undefined,
      "the shape of what is collected must be known before the program runs",
    );
  const going = start === null ? P.constant(1, "bool") : P.reshape(start, []);
  const bound = trips === null ? null : P.reshape(trips, []);
  const [, , ...last] = ops.whileLoop(
    ([goes, step]: Tensor[]) => (bound === null ? goes! : P.and(goes!, P.less(step!, bound))),
    ([goes, step, ...carried]: Tensor[]) => {
      const [next, ...results] = run(step!, goes!, carried);
      return [P.reshape(next!, []), P.add(step!, P.constant(1, "int32")), ...results];
    },
    [going, P.constant(0, "int32"), ...states],
  );
  return last;
}

function scan(context: NodeContext): readonly Tensor[] {
  const body = context.graph("body");
  const count = context.int("num_scan_inputs", 0);
  const carries = context.inputs.length - count;
  const list = (name: string, i: number): number => context.ints(name)?.[i] ?? 0;
  const front = (x: Tensor, axis: number): Tensor =>
    P.transpose(x, [
      axis,
      ...shapeOf(x)
        .map((_, i) => i)
        .filter((i) => i !== axis),
    ]);
  const xs = context.inputs.slice(carries).map((_, i) => {
    const x = context.input(carries + i);
    const laid = front(x, context.axis(list("scan_input_axes", i), x.rank));
    return list("scan_input_directions", i) === 1 ? P.reverse(laid, [0]) : laid;
  });
  const init = context.inputs.slice(0, carries).map((_, i) => context.input(i));
  const [last, outputs] = ops.scan(
    (carried: Tensor[], elements: Tensor[]) => {
      const results = context.surroundings.run(body, [...carried, ...elements]);
      return [results.slice(0, carries), results.slice(carries)] as const;
    },
    init,
    xs,
    shapeOf(xs[0]!)[0],
  );
  const placed = outputs.map((output, i) => {
    const turned = list("scan_output_directions", i) === 1 ? P.reverse(output, [0]) : output;
    const axis = context.axis(list("scan_output_axes", i), output.rank);
    const order = shapeOf(turned)
      .map((_, k) => k)
      .slice(1);
    return P.transpose(turned, [...order.slice(0, axis), 0, ...order.slice(axis)]);
  });
  return [...last, ...placed];
}

/** Branches and loops by name. */
export const controlFlowOperators: Readonly<Record<string, Operator>> = { If: branch, Loop: loop, Scan: scan };
