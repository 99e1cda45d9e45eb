/** `nabla bench`: how long a model takes on this machine. */
import { ops, type Tensor } from "../index.ts";
import { type Command, command, numberOption, UsageError } from "./command.ts";
import { readModelOrApplication } from "./model-source.ts";

interface Timing {
  readonly batchSize: number;
  readonly runs: number;
  readonly firstMs: number;
  readonly medianMs: number;
  readonly rowsPerSecond: number;
}

/** The command. */
export const bench: Command = command<Timing>({
  summary: "time per batch of a model's prediction",
  positionals: ["MODEL|APPLICATION"],
  options: {
    "batch-size": { type: "string", value: "N", description: "rows per batch (default 32)" },
    runs: { type: "string", value: "N", description: "batches that are measured (default 20)" },
  },
  examples: ["nabla bench model.keras --batch-size 1", "nabla bench ResNet50 --batch-size 8 --runs 5"],
  run: async ([name], values) => {
    const batchSize = numberOption(values, "batch-size") ?? 32;
    const runs = numberOption(values, "runs") ?? 20;
    if (!(Number.isInteger(batchSize) && batchSize > 0 && Number.isInteger(runs) && runs > 0))
      throw new UsageError("--batch-size and --runs take whole numbers from 1");
    const model = await readModelOrApplication(name!);
    const slots = model.inputSlots;
    if (slots === null || slots.some(({ shape }) => shape === null)) throw new UsageError("the model does not say what its inputs are");
    const inputs = slots.map(({ shape, dtype }): Tensor =>
      ops.zeros(
        shape!.map((extent, axis) => (axis === 0 ? batchSize : (extent ?? 16))),
        { dtype: (dtype ?? "float32") as "float32" },
      ),
    );
    const step = async (): Promise<number> => {
      const begin = performance.now();
      await model.predictOnBatch(inputs.length === 1 ? inputs[0]! : inputs);
      return performance.now() - begin;
    };
    const firstMs = await step();
    const times: number[] = [];
    for (let i = 0; i < runs; i++) times.push(await step());
    times.sort((a, b) => a - b);
    const medianMs = times[times.length >> 1]!;
    return { batchSize, runs, firstMs, medianMs, rowsPerSecond: (batchSize / medianMs) * 1000 };
  },
  print: ({ batchSize, runs, firstMs, medianMs, rowsPerSecond }) =>
    `first ${firstMs.toFixed(1)} ms (compiling), then ${medianMs.toFixed(3)} ms per batch of ${batchSize} (median of ${runs}): ${rowsPerSecond.toFixed(0)} rows/s`,
});
