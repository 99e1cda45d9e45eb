/**
 * Streaming a folder of images beside sharp's own decoding of the same files: wall and processor time an image, one after
 * the other, several rounds in one process; and the memory after every round.
 *
 *   npm run bench:images -- DIR [rounds]
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { imageDatasetFromDirectory } from "../src/data/index.ts";

const [folder = "flowers/train", given = "7"] = process.argv.slice(2);
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.jpe?g$/i.test(file))
  .map((file) => join(folder, file));

/** All files to raw pixels, as many at once as the data set asks for. */
async function decoded(): Promise<number> {
  const waiting = files.slice();
  const one = async (): Promise<void> => {
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop())
      await sharp(file, { failOn: "truncated", sequentialRead: true }).toColourspace("srgb").removeAlpha().raw().toBuffer();
  };
  await Promise.all(Array.from({ length: 32 }, one));
  return files.length;
}

const dataset = await imageDatasetFromDirectory(folder, { imageSize: [224, 224], batchSize: 32, seed: 1 });

/** One pass over the data set. */
async function streamed(): Promise<number> {
  const reader = dataset.open();
  let seen = 0;
  for (let element = await reader.next(); element !== undefined; element = await reader.next()) seen += element.leaves[0]!.shape[0]!;
  return seen;
}

interface Cost {
  readonly wall: number;
  readonly processor: number;
}

async function costOf(pass: () => Promise<number>): Promise<Cost> {
  const [start, used] = [performance.now(), process.cpuUsage()];
  const images = await pass();
  const { user, system } = process.cpuUsage(used);
  return { wall: (performance.now() - start) / images, processor: (user + system) / 1000 / images };
}

const ratios: Cost[] = [];
for (let round = 0; round <= Number(given); round++) {
  const bare = await costOf(decoded);
  const stream = await costOf(streamed);
  const ratio = { wall: bare.wall / stream.wall, processor: bare.processor / stream.processor };
  // The first round loads and compiles.
  if (round > 0) ratios.push(ratio);
  const shown = ({ wall, processor }: Cost): string => `${wall.toFixed(2)} ms wall, ${processor.toFixed(2)} ms processor`;
  const megabytes = (process.memoryUsage().rss / 2 ** 20).toFixed(0);
  console.log(`${round === 0 ? "warm-up" : `round ${round}`}: sharp ${shown(bare)}; data set ${shown(stream)}; ${megabytes} MB`);
}
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
console.log(
  `sharp's time over the data set's, median of ${ratios.length}: wall ${median(ratios.map(({ wall }) => wall)).toFixed(2)}, ` +
    `processor ${median(ratios.map(({ processor }) => processor)).toFixed(2)}`,
);
