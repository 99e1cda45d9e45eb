/** Elementwise work, movement of elements, reductions: the batch axis is one axis more. */
import { apply, concreteShape, type WindowGeometry } from "../graph/index.ts";
import * as P from "../primitives/index.ts";
import { geometryOf } from "../primitives/window-geometry.ts";
import { type BatchRule, spread } from "./batched.ts";

/** The same primitive on operands that all have the batch axis. */
export const elementwise: BatchRule = ({ node, inputs, size }) =>
  apply(
    node.primitive,
    inputs.map((input) => spread(input, size)),
    node.attributes,
  );

/** A rule for one operand that is mapped, with the attributes of the node. */
function unary(f: (x: ReturnType<typeof spread>, context: Parameters<BatchRule>[0]) => ReturnType<typeof spread>): BatchRule {
  return (context) => [f(spread(context.inputs[0]!, context.size), context)];
}

function numbersOf(value: unknown): readonly number[] {
  return value as readonly number[];
}

/** `axis` or `axes` of a node, one further on: reductions, arguments, running combinations, sorts, reversals. */
export const alongAxes: BatchRule = ({ node, inputs, size }) => {
  const { axis, axes } = node.attributes;
  const shifted = {
    ...node.attributes,
    ...(axis === undefined ? {} : { axis: (axis as number) + 1 }),
    ...(axes === undefined ? {} : { axes: numbersOf(axes).map((one) => one + 1) }),
  };
  return apply(
    node.primitive,
    inputs.map((input) => spread(input, size)),
    shifted,
  );
};

export const reshape: BatchRule = unary((x, { node, size }) => P.reshape(x, [size, ...node.types[0]!.shape]));
export const transpose: BatchRule = unary((x, { node }) =>
  P.transpose(x, [0, ...numbersOf(node.attributes["permutation"]).map((axis) => axis + 1)]),
);
export const broadcastInDim: BatchRule = unary((x, { node, size }) =>
  P.broadcastInDim(x, [size, ...node.types[0]!.shape], [0, ...numbersOf(node.attributes["axes"]).map((axis) => axis + 1)]),
);
export const slice: BatchRule = unary((x, { node, size }) => {
  const { starts, limits, strides } = node.attributes;
  return P.slice(x, [0, ...numbersOf(starts)], [size, ...numbersOf(limits)], [1, ...numbersOf(strides)]);
});

/** A fill per example: what is padded is chosen after padding with a mask. */
export const pad: BatchRule = ({ node, inputs, size }) => {
  const [x, fill] = inputs as [(typeof inputs)[0], (typeof inputs)[0]];
  const [low, high, interior] = (["low", "high", "interior"] as const).map((key) => [0, ...numbersOf(node.attributes[key])]) as [
    number[],
    number[],
    number[],
  ];
  const operand = spread(x, size);
  if (!fill.mapped) return [P.pad(operand, fill.tensor, low, high, interior)];
  const shape = [size, ...node.types[0]!.shape];
  const padded = P.pad(operand, P.constant(0, operand.dtype), low, high, interior);
  const inside = P.pad(P.full(concreteShape(operand), 1, "bool"), P.constant(0, "bool"), low, high, interior);
  return [P.select(inside, padded, P.broadcastInDim(fill.tensor, shape, [0]))];
};

/** Geometry of windows that do not slide along the batch axis. */
function widened({ window, strides, padding }: WindowGeometry): WindowGeometry {
  return { window: [1, ...window], strides: [1, ...strides], padding: [[0, 0], ...padding] };
}
export const reduceWindowSum: BatchRule = unary((x, { node }) => P.reduceWindowSum(x, widened(geometryOf(node.attributes))));
export const windowArgmax: BatchRule = unary((x, { node }) => P.windowArgmax(x, widened(geometryOf(node.attributes))));
export const windowGather: BatchRule = ({ node, inputs, size }) => [
  P.windowGather(spread(inputs[0]!, size), spread(inputs[1]!, size), widened(geometryOf(node.attributes))),
];
export const windowScatter: BatchRule = ({ node, inputs, size }) => [
  P.windowScatter(spread(inputs[0]!, size), spread(inputs[1]!, size), widened(geometryOf(node.attributes)), [
    size,
    ...node.types[0]!.shape,
  ]),
];
