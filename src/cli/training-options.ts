/** Options that evaluating and training share: data, loss, metrics. */
import type { Model } from "../index.ts";
import { numberOption, type OptionSpec, type OptionValues, textOption, UsageError } from "./command.ts";

/** Data, loss, metrics. */
export const dataOptions: Readonly<Record<string, OptionSpec>> = {
  data: {
    type: "string",
    short: "d",
    value: "DATA",
    description: "x.npy (with --labels), a .npz with x and y, or the name of a data set (digits, mnist, ...)",
  },
  labels: { type: "string", value: "FILE", description: "targets, where --data holds the inputs alone" },
  loss: { type: "string", value: "NAME", description: "the loss, where the model is not compiled (or by another one)" },
  metrics: { type: "string", value: "NAMES", description: "metrics, separated by commas" },
  "batch-size": { type: "string", value: "N", description: "rows per step (default 32)" },
};

/** Compiles a model that is not compiled, or by the options that are given. Throws UsageError where there is no loss. */
export function compileBy(model: Model, values: OptionValues): void {
  const [loss, metrics, optimizer] = ["loss", "metrics", "optimizer"].map((name) => textOption(values, name));
  const rate = numberOption(values, "learning-rate");
  if (model.compiled && loss === undefined && metrics === undefined && optimizer === undefined) {
    if (rate !== undefined) (model.optimizer as { learningRate: unknown }).learningRate = rate;
    return;
  }
  if (loss === undefined)
    throw new UsageError("the model is not compiled: give --loss, for example --loss sparse_categorical_crossentropy");
  model.compile({ loss, metrics: metrics?.split(",") ?? [], optimizer: optimizer ?? "adam" });
  if (rate !== undefined) (model.optimizer as { learningRate: unknown }).learningRate = rate;
}
