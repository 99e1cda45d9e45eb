/**
 * Images a second that an input pipeline gives: 60,000 images of 28x28 bytes with labels, shuffled, in batches of 128.
 *
 *   npm run bench:data
 */
import { Dataset } from "../src/data/index.ts";
import { dataTensor } from "../src/graph/index.ts";

const count = 60_000;
const images = dataTensor(new Uint8Array(count * 784).map((_, i) => i & 255), [count, 28, 28], "uint8"); // prettier-ignore
const labels = dataTensor(new Uint8Array(count), [count], "uint8");

/** Images a second of one pass. */
async function pass(dataset: Dataset): Promise<number> {
  const reader = dataset.open();
  const start = performance.now();
  let seen = 0;
  for (;;) {
    const element = await reader.next();
    if (element === undefined) break;
    seen += element.leaves[0]!.shape[0]!;
  }
  return (seen / (performance.now() - start)) * 1000;
}

const source = Dataset.fromTensors([images, labels]);
const pipelines = {
  "shuffle(60000).batch(128)": source.shuffle(count).batch(128),
  "shuffle(10000).batch(128).prefetch(2)": source.shuffle(10_000).batch(128).prefetch(2),
  "batch(128)": source.batch(128),
};
console.log("images a second, median and best of 7 passes");
for (const [name, dataset] of Object.entries(pipelines)) {
  const rates: number[] = [];
  for (let i = 0; i < 7; i++) rates.push(await pass(dataset));
  rates.sort((a, b) => a - b);
  console.log(name.padEnd(40), rates[3]!.toExponential(2), rates[6]!.toExponential(2));
}
