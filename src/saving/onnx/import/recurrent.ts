/** ONNX's recurrent operators: a scan per direction. */
import type { Tensor } from "../../../graph/index.ts";
import * as ops from "../../../ops/index.ts";
import * as P from "../../../primitives/index.ts";
import { like, type NodeContext, type Operator, shapeOf, spreadTo } from "./operator.ts";
import { sliceAlong } from "./shaping.ts";

type Activation = (x: Tensor) => Tensor;

function activationOf(context: NodeContext, name: string, alpha: number | undefined, beta: number | undefined): Activation {
  const known: Readonly<Record<string, Activation>> = {
    relu: (x) => ops.relu(x),
    tanh: P.tanh,
    sigmoid: P.sigmoid,
    affine: (x) => P.add(P.multiply(x, like(x, alpha ?? 1)), like(x, beta ?? 0)),
    leakyrelu: (x) => P.select(P.less(x, like(x, 0)), P.multiply(x, like(x, alpha ?? 0.01)), x),
    hardsigmoid: (x) => ops.clip(P.add(P.multiply(x, like(x, alpha ?? 0.2)), like(x, beta ?? 0.5)), 0, 1),
    elu: (x) => ops.elu(x, alpha ?? 1),
    softsign: (x) => ops.softsign(x),
    softplus: (x) => ops.softplus(x),
  };
  const key = name.toLowerCase();
  const found = Object.hasOwn(known, key) ? known[key] : undefined;
  if (found !== undefined) return found;
  throw context.error("there is no such activation", Object.keys(known).join(", "), name);
}

/** Parameters of one direction. */
interface Direction {
  /** [gates hidden, input]. */
  readonly kernel: Tensor;
  /** [gates hidden, hidden]. */
  readonly recurrent: Tensor;
  /** [gates hidden], of the input and of the state. */
  readonly inputBias: Tensor;
  readonly stateBias: Tensor;
  /** [3 hidden]; null: none. */
  readonly peepholes: Tensor | null;
  readonly activations: readonly Activation[];
  readonly clip: Activation;
}

type Step = (x: Tensor, states: readonly Tensor[], direction: Direction, hidden: number) => Tensor[];

const product = (x: Tensor, matrix: Tensor): Tensor =>
  P.dotGeneral(x, matrix, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [1] });

function gate(t: Tensor, index: number, hidden: number): Tensor {
  return sliceAlong(t, t.rank - 1, index * hidden, (index + 1) * hidden);
}

function rows(t: Tensor, index: number, hidden: number): Tensor {
  return sliceAlong(t, 0, index * hidden, (index + 1) * hidden);
}

function biased(x: Tensor, bias: Tensor): Tensor {
  return P.add(x, spreadTo(bias, shapeOf(x)));
}

const rnnStep: Step = (projected, [h], { recurrent, stateBias, activations, clip }) => [
  activations[0]!(clip(biased(P.add(projected, product(h!, recurrent)), stateBias))),
];

/** Gates in ONNX's order: input, output, forget, cell. */
function lstmStep(coupled: boolean): Step {
  return (projected, [h, c], { recurrent, stateBias, peepholes, activations, clip }, hidden) => {
    const sum = biased(P.add(projected, product(h!, recurrent)), stateBias);
    const peep = (t: Tensor, index: number, state: Tensor): Tensor =>
      peepholes === null ? t : P.add(t, P.multiply(spreadTo(gate(peepholes, index, hidden), shapeOf(state)), state));
    const [f, g, last] = activations;
    const input = f!(clip(peep(gate(sum, 0, hidden), 0, c!)));
    const forget = coupled ? P.subtract(like(input, 1), input) : f!(clip(peep(gate(sum, 2, hidden), 2, c!)));
    const cell = P.add(P.multiply(forget, c!), P.multiply(input, g!(clip(gate(sum, 3, hidden)))));
    const output = f!(clip(peep(gate(sum, 1, hidden), 1, cell)));
    return [P.multiply(output, last!(cell)), cell];
  };
}

/** Gates in ONNX's order: update, reset, hidden. */
function gruStep(resetAfter: boolean): Step {
  return (projected, [h], { recurrent, stateBias, activations, clip }, hidden) => {
    const [f, g] = activations;
    const two = (t: Tensor): Tensor => sliceAlong(t, t.rank - 1, 0, 2 * hidden);
    const gates = f!(clip(biased(P.add(two(projected), product(h!, sliceAlong(recurrent, 0, 0, 2 * hidden))), two(stateBias))));
    const [update, reset] = [gate(gates, 0, hidden), gate(gates, 1, hidden)];
    const kernel = rows(recurrent, 2, hidden);
    const bias = gate(stateBias, 2, hidden);
    const inner = resetAfter ? P.multiply(reset, biased(product(h!, kernel), bias)) : biased(product(P.multiply(reset, h!), kernel), bias);
    const candidate = g!(clip(P.add(gate(projected, 2, hidden), inner)));
    return [P.add(P.multiply(P.subtract(like(update, 1), update), candidate), P.multiply(update, h!))];
  };
}

interface Kind {
  readonly gates: number;
  readonly states: number;
  readonly defaults: readonly string[];
  readonly step: (context: NodeContext) => Step;
}

function recurrent(kind: Kind): Operator {
  return (context) => {
    const batchFirst = context.int("layout", 0) === 1;
    const swap = (t: Tensor, order: readonly number[]): Tensor => (batchFirst ? P.transpose(t, order) : t);
    const x = swap(context.input(0), [1, 0, 2]);
    const [steps, batch] = shapeOf(x) as [number, number, number];
    const kernel = context.input(1);
    const directions = shapeOf(kernel)[0]!;
    const hidden = context.int("hidden_size", shapeOf(context.input(2))[2]!);
    const way = context.text("direction", "forward");
    const lengths = context.optional(4);
    const names = context.texts("activations") ?? Array.from({ length: directions }, () => kind.defaults).flat();
    const [alphas, betas] = [context.floats("activation_alpha") ?? [], context.floats("activation_beta") ?? []];
    const limit = context.attribute("clip")?.f;
    const perDirection = (t: Tensor, d: number): Tensor => P.reshape(sliceAlong(t, 0, d, d + 1), shapeOf(t).slice(1));
    const step = kind.step(context);
    const sequences: Tensor[] = [];
    const finals: Tensor[][] = [];
    for (let d = 0; d < directions; d++) {
      const given = context.optional(3);
      const bias = given === null ? P.full([2 * kind.gates * hidden], 0, x.dtype) : perDirection(given, d);
      const peepholes = kind.states === 2 ? context.optional(7) : null;
      const count = kind.defaults.length;
      const direction: Direction = {
        kernel: perDirection(kernel, d),
        recurrent: perDirection(context.input(2), d),
        inputBias: sliceAlong(bias, 0, 0, kind.gates * hidden),
        stateBias: sliceAlong(bias, 0, kind.gates * hidden, 2 * kind.gates * hidden),
        peepholes: peepholes === null ? null : perDirection(peepholes, d),
        activations: names
          .slice(d * count, (d + 1) * count)
          .map((name, i) => activationOf(context, name, alphas[d * count + i], betas[d * count + i])),
        clip: limit === undefined ? (t) => t : (t) => ops.clip(t, -limit, limit),
      };
      const initial = Array.from({ length: kind.states }, (_, i) => {
        const state = context.optional(5 + i);
        return state === null ? P.full([batch, hidden], 0, x.dtype) : perDirection(swap(state, [1, 0, 2]), d);
      });
      const flat = P.reshape(x, [steps * batch, shapeOf(x)[2]!]);
      const projected = P.reshape(biased(product(flat, direction.kernel), direction.inputBias), [steps, batch, kind.gates * hidden]);
      const backwards = way === "reverse" || d === 1;
      const valid = lengths === null ? null : P.less(P.iota([steps, batch], 0, "int32"), P.broadcastInDim(lengths, [steps, batch], [1]));
      const [last, outputs] = ops.scan<Tensor[], Tensor[], Tensor>(
        (states, [input, counts]) => {
          const next = step(input!, states, direction, hidden);
          if (counts === undefined) return [next, next[0]!];
          const wide = P.broadcastInDim(counts, [batch, hidden], [0]);
          return [next.map((state, i) => P.select(wide, state, states[i]!)), P.select(wide, next[0]!, like(next[0]!, 0))];
        },
        initial,
        valid === null ? [projected] : [projected, valid],
        steps,
        { reverse: backwards },
      );
      sequences.push(P.reshape(outputs, [steps, 1, batch, hidden]));
      finals.push(last.map((state) => P.reshape(state, [1, batch, hidden])));
    }
    const join = (parts: readonly Tensor[], axis: number): Tensor => (parts.length === 1 ? parts[0]! : P.concatenate(parts, axis));
    const sequence = swap(join(sequences, 1), [2, 0, 1, 3]);
    const states = Array.from({ length: kind.states }, (_, i) =>
      swap(
        join(
          finals.map((list) => list[i]!),
          0,
        ),
        [1, 0, 2],
      ),
    );
    return [sequence, ...states];
  };
}

/** Recurrent operators by name. */
export const recurrentOperators: Readonly<Record<string, Operator>> = {
  RNN: recurrent({ gates: 1, states: 1, defaults: ["Tanh"], step: () => rnnStep }),
  LSTM: recurrent({
    gates: 4,
    states: 2,
    defaults: ["Sigmoid", "Tanh", "Tanh"],
    step: (context) => lstmStep(context.int("input_forget", 0) === 1),
  }),
  GRU: recurrent({
    gates: 3,
    states: 1,
    defaults: ["Sigmoid", "Tanh"],
    step: (context) => gruStep(context.int("linear_before_reset", 0) === 1),
  }),
};
