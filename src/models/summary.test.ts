import { expect, it } from "vitest";
import { Input, layers, Model } from "../index.ts";
import { resetAutoNames } from "../layers/index.ts";
import { summaryText } from "./summary.ts";
import { wrap } from "./text-table.ts";

it("words that are too long end with an ellipsis, as in Keras's tables", () => {
  expect(wrap("batch_normalization (BatchNormalization)", 15)).toEqual(["batch_normaliz…", "(BatchNormaliz…"]);
  expect(wrap("dense_1[0][0], dense_2[0][0]", 13)).toEqual(["dense_1[0][0…", "dense_2[0][0]"]);
  expect(wrap("input_layer (InputLayer)", 24)).toEqual(["input_layer (InputLayer)"]);
  expect(wrap("", 4)).toEqual([""]);
});

it("shows Keras's own class names, layers of inner models with their shapes, and titles at the bottom", () => {
  resetAutoNames();
  const a = Input({ shape: [3, 4] });
  const inner = new Model({ inputs: a, outputs: layers.Dense({ units: 2 })(a) });
  const x = Input({ shape: [3, 4] });
  const attention = layers.GroupQueryAttention({ headDim: 2, numQueryHeads: 2, numKeyValueHeads: 1 });
  const model = new Model({ inputs: x, outputs: inner([attention(x, x)].flat()[0]!) });
  expect(summaryText(model, { lineLength: 62, expandNested: true, showTrainable: true })).toBe(
    [
      'Model: "functional_1"',
      "┏━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━┓",
      "┃               ┃              ┃         ┃ Connected  ┃      ┃",
      "┃ Layer (type)  ┃ Output Shape ┃ Param # ┃ to         ┃ Tra… ┃",
      "┡━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━┩",
      "│ input_layer_1 │ (None, 3, 4) │       0 │ -          │  -   │",
      "│ (InputLayer)  │              │         │            │      │",
      "├───────────────┼──────────────┼─────────┼────────────┼──────┤",
      "│ grouped_quer… │ (None, 3, 4) │      60 │ input_lay… │  Y   │",
      "│ (GroupedQuer… │              │         │ input_lay… │      │",
      "├───────────────┼──────────────┼─────────┼────────────┼──────┤",
      "│ functional    │ (None, 3, 2) │      10 │ grouped_q… │  Y   │",
      "│ (Functional)  │              │         │            │      │",
      "├───────────────┼──────────────┼─────────┼────────────┼──────┤",
      "│    └          │ (None, 3, 4) │       0 │ -          │  -   │",
      "│ input_layer   │              │         │            │      │",
      "│ (InputLayer)  │              │         │            │      │",
      "├───────────────┼──────────────┼─────────┼────────────┼──────┤",
      "│    └ dense    │ (None, 3, 2) │      10 │ -          │  Y   │",
      "│ (Dense)       │              │         │            │      │",
      "└───────────────┴──────────────┴─────────┴────────────┴──────┘",
      " Total params: 70 (280.00 B)",
      " Trainable params: 70 (280.00 B)",
      " Non-trainable params: 0 (0.00 B)",
    ].join("\n"),
  );
});
