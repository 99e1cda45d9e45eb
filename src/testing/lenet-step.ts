/** A training step of LeNet-5 with Adam, written with primitives: what tests of the compiler compile. */
import { gradients } from "../autodiff/gradients.ts";
import { parameterTensor, sizeOf, Subgraph, type Tensor } from "../graph/index.ts";
import {
  add,
  broadcastInDim,
  constant,
  convGeneral,
  divide,
  dotGeneral,
  exp,
  greater,
  log,
  multiply,
  reduceMax,
  reduceSum,
  reshape,
  select,
  sqrt,
  stopGradient,
  subtract,
  windowArgmax,
  windowGather,
  withGradient,
} from "../primitives/index.ts";

const shapeOf = (x: Tensor): number[] => x.shape as number[];
const fill = (value: number, shape: readonly number[]): Tensor => broadcastInDim(constant(value, "float32"), shape, []);
const addBias = (x: Tensor, b: Tensor): Tensor => add(x, broadcastInDim(b, shapeOf(x), [x.rank - 1]));
const dense = (x: Tensor, w: Tensor, b: Tensor): Tensor =>
  addBias(dotGeneral(x, w, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] }), b);

function relu(x: Tensor): Tensor {
  const zero = fill(0, shapeOf(x));
  const y = select(greater(x, zero), x, zero);
  return withGradient(y, [x], (cotangent) => [select(greater(y, zero), cotangent, zero)]);
}

function pool(x: Tensor): Tensor {
  const none = [0, 0] as const;
  const geometry = { window: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: [none, none, none, none] };
  return windowGather(x, windowArgmax(x, geometry), geometry);
}

/** Shapes of the weights: kernel and bias of two convolutions and three dense layers. */
export const lenetWeights: readonly (readonly number[])[] = [
  [5, 5, 1, 6],
  [6],
  [5, 5, 6, 16],
  [16],
  [400, 120],
  [120],
  [120, 84],
  [84],
  [84, 10],
  [10],
];

/** Mean cross-entropy of logits: images [batch, 28, 28, 1], one-hot labels [batch, 10]. */
export function lenetLoss(images: Tensor, labels: Tensor, weights: readonly Tensor[]): Tensor {
  const batch = images.dim(0);
  const w = (i: number): Tensor => weights[i]!;
  let h = pool(
    relu(
      addBias(
        convGeneral(images, w(0), {
          strides: [1, 1],
          padding: [
            [2, 2],
            [2, 2],
          ],
        }),
        w(1),
      ),
    ),
  );
  h = pool(
    relu(
      addBias(
        convGeneral(h, w(2), {
          strides: [1, 1],
          padding: [
            [0, 0],
            [0, 0],
          ],
        }),
        w(3),
      ),
    ),
  );
  h = relu(dense(reshape(h, [batch, 400]), w(4), w(5)));
  h = dense(relu(dense(h, w(6), w(7))), w(8), w(9));
  const rows = (x: Tensor): Tensor => broadcastInDim(x, [batch, 10], [0]);
  const shifted = subtract(h, rows(stopGradient(reduceMax(h, [1]))));
  const logits = subtract(shifted, rows(log(reduceSum(exp(shifted), [1]))));
  return multiply(reduceSum(multiply(labels, logits), [0, 1]), constant(-1 / batch, "float32"));
}

/** The whole step as a graph: parameters images, labels, then weights and both moments as states; results the loss and the new states. */
export function lenetStep(batch: number): { readonly graph: Subgraph; readonly states: number } {
  const images = parameterTensor([batch, 28, 28, 1], "float32");
  const labels = parameterTensor([batch, 10], "float32");
  const states = [...lenetWeights, ...lenetWeights, ...lenetWeights].map((shape) => parameterTensor(shape, "float32"));
  const n = lenetWeights.length;
  const weights = states.slice(0, n);
  const loss = lenetLoss(images, labels, weights);
  const updates = gradients([loss], weights).map((gradient, i) => {
    const shape = shapeOf(weights[i]!);
    const mean = add(multiply(states[n + i]!, fill(0.9, shape)), multiply(gradient, fill(0.1, shape)));
    const square = add(multiply(states[2 * n + i]!, fill(0.999, shape)), multiply(multiply(gradient, gradient), fill(0.001, shape)));
    const step = divide(multiply(mean, fill(0.001, shape)), add(sqrt(square), fill(1e-7, shape)));
    return [subtract(weights[i]!, step), mean, square] as const;
  });
  const results = [loss, ...updates.map((u) => u[0]), ...updates.map((u) => u[1]), ...updates.map((u) => u[2])];
  return { graph: new Subgraph([images, labels, ...states], results), states: states.length };
}

/** Arithmetic of one step, multiply and add counted apart: contractions only. */
export function lenetFlops(batch: number): number {
  const sizes = [28 * 28 * sizeOf([5, 5, 1, 6]), 0, 10 * 10 * sizeOf([5, 5, 6, 16]), 0, 400 * 120, 0, 120 * 84, 0, 84 * 10];
  const forward = sizes.reduce((a, b) => a + b, 0) * 2 * batch;
  return 3 * forward - sizes[0]! * 2 * batch;
}
