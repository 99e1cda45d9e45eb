/**
 * A recurrent layer is one cell with a loop. Unrolled, the same cell stands there once per step, and backpropagation through
 * time is backpropagation through that graph. Draws both from the layers themselves, and shows that they give the same
 * values and gradients.
 */
import { gradients, layers, ops, setRandomSeed, type Tensor } from "nabla";
import { mappingChart, recurrentChart } from "nabla/visualization";
import { example } from "./example.ts";

const { picture, figure } = example("unfolding");
setRandomSeed(1997);

const [batch, steps, width, units] = [3, 5, 4, 6];
const x = ops.sin(ops.multiply(ops.reshape(ops.arange(batch * steps * width, null, 1, "float32"), [batch, steps, width]), 1.7));
let largest = 0;
for (const name of ["SimpleRNN", "LSTM", "GRU"] as const) {
  const rolled = layers[name]({ units, returnSequences: true });
  const unrolled = layers[name]({ units, returnSequences: true, unroll: true });
  for (const layer of [rolled, unrolled]) layer.build([batch, steps, width]);
  await unrolled.setWeights(await rolled.getWeights());
  const differences: number[] = [];
  const [loop, graph] = [rolled(x), unrolled(x)];
  // A loss that hangs on every step; its gradients with respect to all weights and to the inputs.
  const slopes = [rolled, unrolled].map((layer, i) => gradients([ops.sum(ops.square([loop, graph][i]!))], [...layer.weights, x]));
  for (const [a, b] of [[loop, graph], ...slopes[0]!.map((slope, i) => [slope, slopes[1]![i]!])] as [Tensor, Tensor][])
    differences.push(await ops.max(ops.abs(ops.subtract(a, b))).item());
  largest = Math.max(largest, ...differences);
  console.log(
    `${name}: outputs differ by ${differences[0]!.toExponential(1)}, gradients by ${Math.max(...differences.slice(1)).toExponential(1)}`,
  );
  // Gradients reach the first step through all others: how much is left of them there.
  const reach = gradients([ops.sum(ops.take(loop, steps - 1, { axis: 1 }))], [x])[0]!;
  const norms = (await ops.sqrt(ops.sum(ops.square(reach), [0, 2])).array()) as number[];
  console.log(`  gradient of the last output by step of the input: ${norms.map((norm) => norm.toPrecision(2)).join(" ")}`);
  picture(`unfolding-${name.toLowerCase()}.svg`, recurrentChart(rolled));
}
const both = layers.Bidirectional({ layer: layers.LSTM({ units, returnSequences: true }) });
picture("unfolding-bidirectional.svg", recurrentChart(both, { inputShape: [null, steps, width], view: "unrolled" }));
picture("sequence-mappings.svg", mappingChart({ title: "Five ways to map sequences" }));
figure("largest difference between loop and unrolled graph, values and gradients", largest, { atMost: 1e-5 });
