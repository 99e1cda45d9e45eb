/**
 * Backpropagation, step by step: every value of a small graph forwards, every gradient backwards, compared with finite
 * differences.
 */
import { ops, tensor, type Tensor } from "nabla";
import { visualizeGraph } from "nabla/visualization";
import { example } from "./example.ts";

const { picture, figure } = example("backpropagation");

/** A neuron and its loss: y = sigmoid(w1 x1 + w2 x2 + b), loss = (y - target)^2. */
const neuron = (x1: Tensor, x2: Tensor, w1: Tensor, w2: Tensor, b: Tensor): Tensor =>
  ops.square(ops.subtract(ops.sigmoid(ops.add(ops.add(ops.multiply(w1, x1), ops.multiply(w2, x2)), b)), 1));
const values = { x1: -1, x2: 2, w1: 2, w2: -0.5, b: 0.3 };
const names = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, tensor(value)]));
const loss = neuron(...(Object.values(names) as [Tensor, Tensor, Tensor, Tensor, Tensor]));
const { steps, svg, text } = await visualizeGraph(loss, { names, title: "One neuron: values forwards, gradients backwards" });
console.log(text);
picture("backpropagation.svg", svg);

// The same gradients by moving each input a little, in float64.
let worst = 0;
for (const [i, name] of Object.keys(values).entries()) {
  const at = (step: number): Promise<number> => {
    const moved = Object.values(values).map((value, j) => tensor(Float64Array.of(i === j ? value + step : value), { shape: [] }));
    return neuron(...(moved as [Tensor, Tensor, Tensor, Tensor, Tensor])).item();
  };
  const difference = ((await at(1e-5)) - (await at(-1e-5))) / 2e-5;
  const gradient = steps.find((step) => step.direction === "backward" && step.name === name)!.values[0]!;
  console.log(`d loss / d ${name} = ${gradient.toFixed(6)}, by finite differences ${difference.toFixed(6)}`);
  worst = Math.max(worst, Math.abs(gradient - difference));
}
figure("largest difference to finite differences", worst, { atMost: 1e-6 });
