/** How optimizers go downhill: their ways over a narrow bent valley, and three losses of a margin. */
import { ops, optimizers, tensor, type Tensor, valueAndGrad, Variable } from "nabla";
import { lineChart, surfaceChart } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, picture, figure } = example("gradient-descent");

/** A valley that bends: f(x, y) = (1 - x)^2 / 4 + 2 (y - x^2 / 2)^2, lowest (0) at (1, 1/2). */
const height = (x: number, y: number): number => (1 - x) ** 2 / 4 + 2 * (y - x ** 2 / 2) ** 2;
const valley = (point: Tensor): Tensor => {
  const [x, y] = [ops.getItem(point, 0), ops.getItem(point, 1)];
  return ops.add(ops.divide(ops.square(ops.subtract(1, x)), 4), ops.multiply(2, ops.square(ops.subtract(y, ops.divide(ops.square(x), 2)))));
};

const candidates = {
  SGD: optimizers.SGD({ learningRate: 0.1 }),
  momentum: optimizers.SGD({ learningRate: 0.02, momentum: 0.9 }),
  Nesterov: optimizers.SGD({ learningRate: 0.02, momentum: 0.9, nesterov: true }),
  RMSprop: optimizers.RMSprop({ learningRate: 0.01 }),
  Adam: optimizers.Adam({ learningRate: 0.1 }),
};
const paths: { name: string; x: number[]; y: number[] }[] = [];
const curves: { name: string; y: number[] }[] = [];
const steps = budget(50, 500);
for (const [name, optimizer] of Object.entries(candidates)) {
  const point = new Variable([-1.8, -0.4]);
  const path = { name, x: [-1.8], y: [-0.4] };
  const values = [height(-1.8, -0.4)];
  for (let step = 0; step < steps; step++) {
    const [, slope] = valueAndGrad(valley)(point.read());
    optimizer.apply([slope], [point]);
    const [x, y] = await point.data();
    path.x.push(x!);
    path.y.push(y!);
    values.push(height(x!, y!));
  }
  paths.push(path);
  curves.push({ name, y: values });
  figure(`${name}, height after ${steps} steps`, values.at(-1)!, { atMost: 1e-3 });
}
picture(
  "gradient-descent.svg",
  surfaceChart({
    title: "Ways down a bent valley",
    xLabel: "x",
    yLabel: "y",
    height3d: height,
    xRange: [-2.2, 2.2],
    yRange: [-1, 2.4],
    paths,
  }),
);
picture(
  "gradient-descent-loss.svg",
  lineChart({ title: "Height above the lowest point", xLabel: "step", yLabel: "f", yScale: "log", yRange: [1e-8, 20], series: curves }),
);

// Losses of the margin m = y f(x): what a sample costs that is more or less right.
const margins = Float32Array.from({ length: 121 }, (_, i) => -2 + i / 24);
const m = tensor(margins);
const losses = {
  "0 or 1": ops.cast(ops.lessEqual(m, 0), "float32"),
  "hinge: max(0, 1 - m)": ops.relu(ops.subtract(1, m)),
  "exponential: exp(-m)": ops.exp(ops.negative(m)),
  "logistic: log2(1 + exp(-m))": ops.divide(ops.softplus(ops.negative(m)), Math.LN2),
};
const series = await Promise.all(
  Object.entries(losses).map(async ([name, y], i) => ({ name, x: margins, y: await y.data(), points: false, dashed: i === 0 })),
);
picture("losses.svg", lineChart({ title: "Losses of a margin", xLabel: "margin m = y f(x)", yLabel: "loss", yRange: [0, 4], series }));
