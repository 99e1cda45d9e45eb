import { describe, expect, it } from "vitest";
import { layers } from "../index.ts";
import { cellGraph } from "./cell-graph.ts";
import { mappingChart, recurrentChart, sequenceMappings } from "./index.ts";

const count = (svg: string, text: string): number => svg.split(`>${text}<`).length - 1;
const inputShape = [null, 4, 8];
/** Boxes of one step, as "gate σ f". */
const boxesOf = (cell: layers.RecurrentCell): string[] => {
  cell.build([null, 8]);
  return cellGraph(cell, [null, 8]).boxes.map(({ kind, label, note }) => `${kind} ${label} ${note}`.trim());
};

describe("cellGraph", () => {
  it("shows the gates of an LSTM, and what they multiply", () => {
    const cell = layers.LSTMCell({ units: 3 });
    const boxes = boxesOf(cell);
    for (const gate of ["gate σ i", "gate σ f", "gate tanh g", "gate σ o", "gate tanh"]) expect(boxes).toContain(gate);
    expect(boxes).toContain("weights kernel · [8, 12]");
    expect(boxes).toContain("weights recurrent kernel · [3, 12]");
    expect(boxes.filter((box) => box === "point ×").length).toBe(3);
    const { lines, boxes: all, states, outputState } = cellGraph(cell, [null, 8]);
    expect([states, outputState]).toEqual([["h", "c"], 0]);
    // c' = f c + i g: the forget gate and the old memory meet in one product.
    const at = (label: string, note: string): number => all.findIndex((box) => box.label === label && box.note === note);
    const after = (box: number): number[] => lines.filter(({ from }) => from === box).map(({ to }) => to);
    expect(after(at("σ", "f"))).toEqual(after(at("c", "before")));
    expect(after(at("σ", "i"))).toEqual(after(at("tanh", "g")));
    expect(after(at("σ", "i"))).not.toEqual(after(at("σ", "f")));
  });

  it("shows the options of a cell", () => {
    const gru = boxesOf(layers.GRUCell({ units: 3 }));
    expect(gru.filter((box) => box === "weights + bias").length).toBe(2);
    expect(gru).toContain("point 1 −");
    expect(gru.filter((box) => box.startsWith("weights recurrent kernel")).length).toBe(1);
    // Before the product there is one of the gates and one of the candidate.
    const before = boxesOf(layers.GRUCell({ units: 3, resetAfter: false, useBias: false }));
    expect(before.filter((box) => box.startsWith("weights recurrent kernel")).length).toBe(2);
    expect(before.some((box) => box.includes("bias"))).toBe(false);
    expect(boxesOf(layers.SimpleRNNCell({ units: 3, activation: "sigmoid" }))).toContain("gate σ");
    expect(boxesOf(layers.SimpleRNNCell({ units: 3, activation: "sigmoid" }))).not.toContain("gate tanh");
  });

  it("names the states of stacked cells, and the gates by the cell that has them", () => {
    const layer = layers.RNN({ cell: [layers.LSTMCell({ units: 3 }), layers.GRUCell({ units: 2 })] });
    layer.build(inputShape);
    const { states, boxes } = cellGraph(layer.cell, [null, 8]);
    expect(states).toEqual(["h₁", "c₁", "h₂"]);
    const labels = boxes.map(({ label, note }) => `${label} ${note}`.trim());
    for (const name of ["z", "r", "g", "σ f", "σ o"]) expect(labels).toContain(name);
  });
});

describe("recurrentChart", () => {
  it("draws one copy per step, with the outputs that the layer gives", () => {
    const last = recurrentChart(layers.GRU({ units: 5 }), { inputShape });
    expect([count(last, "GRU"), count(last, "x₄"), count(last, "y₄"), count(last, "y₃")]).toEqual([6, 1, 1, 0]);
    expect(last).toContain("the last output, [batch, 5]");
    const all = recurrentChart(layers.LSTM({ units: 5, returnSequences: true, returnState: true }), { inputShape, steps: 20 });
    expect([count(all, "y₁"), count(all, "y₂₀"), count(all, "y₁₀"), count(all, "…")]).toEqual([1, 1, 0, 1]);
    expect(all).toContain("[batch, 20, 5], and the last states");
    const backwards = recurrentChart(layers.SimpleRNN({ units: 5, goBackwards: true }), { inputShape, view: "unrolled" });
    expect([count(backwards, "y₁"), count(backwards, "y₄"), count(backwards, "kernel")]).toEqual([1, 0, 0]);
    for (const svg of [last, all, backwards]) expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("draws the loop of every state, and both directions", () => {
    const rolled = recurrentChart(layers.LSTM({ units: 5 }), { inputShape, view: "rolled" });
    expect(rolled.split("url(#state)").length - 1).toBe(2);
    expect(rolled).toContain("c [5]");
    const both = recurrentChart(layers.Bidirectional({ layer: layers.LSTM({ units: 5, returnSequences: true }) }), { inputShape });
    expect([count(both, "LSTM"), count(both, "y₂")]).toEqual([8, 1]);
    expect(both).toContain("[batch, 4, 10]");
    const summed = layers.Bidirectional({ layer: layers.GRU({ units: 5 }), mergeMode: null });
    expect(recurrentChart(summed, { inputShape })).toContain("[batch, 5] and [batch, 5]");
  });

  it("draws any batch and single cells, and says what it cannot draw", () => {
    expect(() => recurrentChart(layers.LSTM({ units: 5 }))).toThrow(/shape of the inputs is not known/);
    // A batch of known size is no matter, a cell alone is drawn too.
    expect(recurrentChart(layers.GRU({ units: 5 }), { inputShape: [3, 4, 8] })).toContain("[batch, 4, 8]");
    expect(count(recurrentChart(layers.LSTMCell({ units: 5 }), { inputShape: [3, 8], steps: 2 }), "y₂")).toBe(1);
    expect(() => recurrentChart(layers.Dense({ units: 5 }), { inputShape: [null, 8] })).toThrow(/no cell/);
    expect(() => recurrentChart(layers.GRU({ units: 5 }), { inputShape, steps: 0 })).toThrow(/1 or more/);
    expect(() => recurrentChart(layers.GRU({ units: 5 }), { inputShape, view: "flat" as "both" })).toThrow(/"unrolled"/);
  });
});

describe("mappingChart", () => {
  it("draws the five mappings, and refuses steps that are not there", () => {
    const svg = mappingChart({ title: "Five" });
    for (const { name, example } of sequenceMappings) expect([count(svg, name), count(svg, example)]).toEqual([1, 1]);
    const boxes = sequenceMappings.reduce((sum, { inputs, outputs, steps }) => sum + inputs.length + outputs.length + steps, 0);
    expect(svg.split("<rect x=").length - 1).toBe(boxes);
    expect(() => mappingChart({ mappings: [{ name: "odd", example: "", inputs: [3], outputs: [0], steps: 2 }] })).toThrow(/"odd"/);
    expect(() => mappingChart({ mappings: [] })).toThrow(/nothing to draw/);
  });
});
