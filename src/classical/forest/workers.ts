/** Trees grown on several threads. */
import { platform } from "../../platform/index.ts";
import { threefry2x32 } from "../../primitives/index.ts";
import { Pace } from "../pace.ts";
import { type Growth, growTree, type Tree } from "./grow.ts";

/** Starting a thread takes about as long as looking at this many values (tens of milliseconds). */
const worthThreads = 4_000_000;

/** Grows the trees it is told to, one message for each. `__name` is what some compilers wrap functions in. */
const workerSource = (): string => `
const __name = (f) => f;
const growTree = ${growTree.toString()};
let growth;
receive((message) => {
  if (message.growth !== undefined) growth = message.growth;
  else post({ index: message.index, tree: growTree(growth, message.seed) });
});
`;

/** Four words that a tree's random numbers start from. The same tree for the same seed and index, on any thread. */
function seedOf(seed: number, index: number): readonly number[] {
  return [...threefry2x32(seed, index, 0, 0x7ee5), ...threefry2x32(seed, index, 1, 0x7ee5)];
}

/** Grows `count` trees. `threads`: how many at most. Where threads cannot be started, all is done on this one. */
export async function growForest(growth: Growth, count: number, seed: number, threads: number): Promise<readonly Tree[]> {
  const trees: (Tree | undefined)[] = new Array<undefined>(count).fill(undefined);
  const work = growth.rows * growth.maxFeatures * Math.log2(growth.rows + 1) * count;
  const helpers = Math.min(threads, count) - 1;
  let next = 0;
  const ended = helpers > 0 && work > worthThreads ? startHelpers(growth, helpers, seed, trees, () => (next < count ? next++ : null)) : [];
  const pace = new Pace();
  while (next < count) {
    const index = next++;
    trees[index] = growTree(growth, seedOf(seed, index));
    if (ended.length > 0 || pace.isDue) await pace.turn();
  }
  await Promise.all(ended);
  // What a thread that failed had begun.
  for (let index = 0; index < count; index++) trees[index] ??= growTree(growth, seedOf(seed, index));
  return trees as readonly Tree[];
}

/** Starts threads that take the next tree whenever they are done with one. Each promise resolves when a thread has ended. */
function startHelpers(
  growth: Growth,
  helpers: number,
  seed: number,
  trees: (Tree | undefined)[],
  take: () => number | null,
): readonly Promise<void>[] {
  const source = workerSource();
  return Array.from({ length: helpers }, async () => {
    try {
      const worker = platform.startWorker(source, { growth });
      await new Promise<void>((resolve) => {
        const advance = (): void => {
          const index = take();
          if (index === null) resolve();
          else worker.postMessage({ index, seed: seedOf(seed, index) });
        };
        worker.onFailure(() => resolve());
        worker.onMessage((message) => {
          const { index, tree } = message as { readonly index: number; readonly tree: Tree };
          trees[index] = tree;
          advance();
        });
        advance();
      });
      await worker.terminate();
    } catch {
      // No threads here (a page that forbids them): the calling thread grows every tree.
    }
  });
}
