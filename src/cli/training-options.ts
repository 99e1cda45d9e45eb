/** Options that evaluating and training share: data, loss, metrics. */
import type { Model, Tensor } from "../index.ts";
import { jsonOption, numberOption, type OptionSpec, type OptionValues, textOption, UsageError } from "./command.ts";

/** Data, loss, metrics. */
export const dataOptions: Readonly<Record<string, OptionSpec>> = {
  data: {
    type: "string",
    short: "d",
    value: "DATA",
    description:
      "x.npy (with --labels), a .npz with x and y, a .csv or .parquet table, a folder with a folder of images for each class, or the name of a data set (digits, mnist, ...)",
  },
  labels: { type: "string", value: "FILE", description: "targets, where --data holds the inputs alone" },
  target: { type: "string", value: "COLUMN", description: "the column of targets of a table (default: the last)" },
  loss: { type: "string", value: "NAME", description: "the loss, where the model is not compiled (or by another one)" },
  metrics: { type: "string", value: "NAMES", description: "metrics, separated by commas" },
  "weighted-metrics": { type: "string", value: "NAMES", description: "metrics that sample and class weights weight" },
  "batch-size": { type: "string", value: "N", description: "rows per step (default 32)" },
  "sample-weight": { type: "string", value: "FILE", description: "weights of rows" },
};

const names = (text: string | undefined): string[] => text?.split(",").map((name) => name.trim()) ?? [];

/** Compiles a model that is not compiled, or by the options that are given; `loss` where none is. Throws UsageError where there is none. */
export function compileBy(model: Model, values: OptionValues, defaultLoss?: string): void {
  const [given, metrics, weighted, optimizer] = ["loss", "metrics", "weighted-metrics", "optimizer"].map((name) =>
    textOption(values, name),
  );
  const rate = numberOption(values, "learning-rate");
  const isGiven = [given, metrics, weighted, optimizer].some((value) => value !== undefined);
  if (!model.compiled || isGiven) {
    const loss = given ?? defaultLoss;
    if (loss === undefined)
      throw new UsageError(
        model.compiled
          ? "other metrics or another optimizer need --loss too"
          : "the model is not compiled: give --loss, for example --loss sparse_categorical_crossentropy",
      );
    model.compile({
      loss,
      metrics: names(metrics ?? (defaultLoss === undefined ? undefined : "accuracy")),
      weightedMetrics: names(weighted),
      // Keras's JSON too: {"class_name": "SGD", "config": {"momentum": 0.9}}
      optimizer:
        optimizer?.startsWith("{") === true
          ? (jsonOption(values, "optimizer") as { class_name: string; config: unknown })
          : (optimizer ?? "adam"),
    });
  }
  if (rate !== undefined) (model.optimizer as { learningRate: unknown }).learningRate = rate;
}

/** The loss of a classifier for these targets: rows of shares, or numbers of classes. */
export function lossOfClasses(y: Tensor | null): string {
  return y !== null && y.rank === 2 && y.shape[1] !== 1 ? "categorical_crossentropy" : "sparse_categorical_crossentropy";
}

/** Whether the loss takes one-hot rows. */
export function takesRows(model: Model, values: OptionValues): boolean {
  const compiled = model.compiled
    ? JSON.stringify((model.toJSON() as { compile_config?: { loss?: unknown } }).compile_config?.loss ?? "")
    : "";
  const loss = (textOption(values, "loss") ?? compiled).replaceAll(/[^a-z]/gi, "").toLowerCase();
  return /categorical(crossentropy|focal|hinge|generalized)/.test(loss) && !loss.includes("sparse");
}
