import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { callbacks, layers, ops, Sequential, tensor } from "../index.ts";

const python = process.env.NABLA_PYTHON ?? "python3";
const found = spawnSync(python, ["-c", "import tensorboard"], { encoding: "utf8" });
if (found.status !== 0) console.log(`skipped: ${python} has no tensorboard (NABLA_PYTHON names an interpreter that has)`);
const folder = mkdtempSync(join(tmpdir(), "nabla-tensorboard-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Prints what TensorBoard's own reader finds in a folder of event files. */
const reader = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util
found = {}
for run in ("train", "validation"):
    events = EventAccumulator(f"{sys.argv[1]}/{run}", size_guidance={"tensors": 0})
    events.Reload()
    for tag in events.Tags()["tensors"]:
        values = [tensor_util.make_ndarray(event.tensor_proto) for event in events.Tensors(tag)]
        last = values[-1]
        found[f"{run}/{tag}"] = {
            "plugin": events.SummaryMetadata(tag).plugin_data.plugin_name,
            "steps": [event.step for event in events.Tensors(tag)],
            "shape": list(last.shape),
            "values": last.ravel().tolist() if last.dtype != object else [part[:4].hex() for part in last.ravel()],
        }
    if events.Tags()["graph"]:
        found[f"{run}/graph"] = {"nodes": [node.name for node in events.Graph().node]}
print(json.dumps(found))
`;

describe.skipIf(found.status !== 0)("TensorBoard", () => {
  it("reads scalars, histograms, images and the graph that the callback wrote", { timeout: 600_000 }, async () => {
    const model = new Sequential([
      layers.InputLayer({ shape: [6, 6, 1] }),
      layers.Conv2D({ filters: 2, kernelSize: 3, activation: "relu", name: "conv" }),
      layers.Flatten(),
      layers.Dense({ units: 2, activation: "softmax", name: "head" }),
    ]);
    model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
    const x = ops.reshape(ops.sin(ops.arange(8 * 36)), [8, 6, 6, 1]);
    const options = { logDir: folder, histogramFreq: 1, writeImages: true, updateFreq: "batch" } as const;
    const history = await model.fit(x, tensor([0, 1, 0, 1, 0, 1, 0, 1], { dtype: "int32" }), {
      epochs: 3,
      verbose: 0,
      validationSplit: 0.25,
      callbacks: [callbacks.TensorBoard(options)],
    });
    const read = spawnSync(python, ["-c", reader, folder], { encoding: "utf8" });
    expect(read.status, read.stderr).toBe(0);
    const tags = JSON.parse(read.stdout) as Record<
      string,
      { plugin: string; steps: number[]; shape: number[]; values: (number | string)[]; nodes: string[] }
    >;
    const loss = tags["train/epoch_loss"]!;
    expect([loss.plugin, loss.steps, loss.values]).toEqual(["scalars", [0, 1, 2], [Math.fround(history.history.loss![2]!)]]);
    expect(tags["validation/epoch_loss"]!.values).toEqual([Math.fround(history.history.val_loss![2]!)]);
    expect(tags["train/batch_loss"]!.steps).toEqual([1, 2, 3]);
    const kernel = Object.keys(tags).find((tag) => tag.endsWith("head/kernel/histogram"))!;
    const histogram = tags[kernel]!;
    expect([histogram.plugin, histogram.steps, histogram.shape]).toEqual(["histograms", [0, 1, 2], [30, 3]]);
    // The third number of each bucket counts weights.
    const counts = histogram.values.filter((_, i) => i % 3 === 2) as number[];
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(64);
    const image = tags[kernel.replace("histogram", "image")]!;
    expect(image.plugin).toBe("images");
    expect(image.values.slice(2)).toEqual(["89504e47"]);
    expect(tags["train/graph"]!.nodes.some((name) => name.includes("conv"))).toBe(true);
    expect(tags["train/keras"]!.plugin).toBe("graph_keras_model");
  });
});
