import { beforeAll, describe, expect, it } from "vitest";
import { Input, layers, Model, plotModel, Sequential, setBackend } from "../index.ts";
import { type Box, layeredLayout, type Line } from "./layered-layout.ts";

beforeAll(async () => {
  await setBackend("reference");
});

describe("layered layout", () => {
  /** A graph of `count` boxes of different sizes, lines always to later ones. */
  function random(count: number, seed: number): { boxes: Box[]; lines: Line[] } {
    let state = seed;
    const next = (bound: number): number => (state = (state * 1664525 + 1013904223) >>> 0) % bound;
    const boxes = Array.from({ length: count }, () => ({ width: 40 + next(120), height: 20 + next(60) }));
    const lines = boxes.flatMap((_, to) => (to === 0 ? [] : Array.from({ length: 1 + next(2) }, () => ({ from: next(to), to }))));
    return { boxes, lines };
  }

  it.each([1, 2, 3, 4, 5, 6])("puts no box on another, and every line downwards (graph %i)", (seed) => {
    const { boxes, lines } = random(5 + seed * 4, seed);
    const layout = layeredLayout(boxes, lines);
    layout.boxes.forEach((a, i) => {
      expect(a.x).toBeGreaterThanOrEqual(0);
      expect(a.x + boxes[i]!.width).toBeLessThanOrEqual(layout.width + 1e-6);
      expect(a.y + boxes[i]!.height).toBeLessThanOrEqual(layout.height + 1e-6);
      layout.boxes.slice(0, i).forEach((b, j) => {
        const apart =
          a.x >= b.x + boxes[j]!.width || b.x >= a.x + boxes[i]!.width || a.y >= b.y + boxes[j]!.height || b.y >= a.y + boxes[i]!.height;
        expect(apart, `boxes ${j} and ${i}`).toBe(true);
      });
    });
    layout.lines.forEach((points, i) => {
      for (let k = 1; k < points.length; k++) expect(points[k]!.y).toBeGreaterThanOrEqual(points[k - 1]!.y);
      expect(points[0]!.y).toBeCloseTo(layout.boxes[lines[i]!.from]!.y + boxes[lines[i]!.from]!.height);
      expect(points.at(-1)!.y).toBeCloseTo(layout.boxes[lines[i]!.to]!.y);
      // A line over several ranks crosses no box of a rank between.
      for (let k = 1; k + 1 < points.length; k += 2) {
        const { x, y } = points[k]!;
        layout.boxes.forEach((box, j) => {
          const inside = x > box.x && x < box.x + boxes[j]!.width && y < box.y + boxes[j]!.height && points[k + 1]!.y > box.y;
          expect(inside, `line ${i} through box ${j}`).toBe(false);
        });
      }
    });
  });

  it("draws a chain straight, and undoes crossings", () => {
    const box = { width: 50, height: 20 };
    const chain = layeredLayout([box, box, box], [{ from: 0, to: 1 }, { from: 1, to: 2 }]); // prettier-ignore
    expect(new Set(chain.boxes.map(({ x }) => x)).size).toBe(1);
    const crossed = layeredLayout([box, box, box, box], [{ from: 0, to: 3 }, { from: 1, to: 2 }]); // prettier-ignore
    expect(Math.sign(crossed.boxes[0]!.x - crossed.boxes[1]!.x)).toBe(Math.sign(crossed.boxes[3]!.x - crossed.boxes[2]!.x));
    expect(layeredLayout([], [])).toMatchObject({ boxes: [], lines: [] });
  });
});

describe("plotModel", () => {
  function model(): Model {
    const inputs = Input({ shape: [4], name: "data <raw>" });
    const inner = new Sequential({
      name: "tower",
      layers: [Input({ shape: [4] }), layers.Dense({ units: 3, activation: "relu", name: "deep" })],
    });
    const outputs = layers.Add({ name: "sum" })([inner(inputs), layers.Dense({ units: 3, name: "side" })(inputs)]);
    return new Model({ inputs, outputs: outputs });
  }
  const count = (text: string, part: RegExp): number => [...text.matchAll(part)].length;

  it("draws a box per layer and a line per tensor, text escaped", async () => {
    const svg = await plotModel(model(), { showShapes: true, showLayerActivations: true, showDtype: true, showTrainable: true });
    expect(svg).toMatch(/^<svg xmlns[\s\S]*<\/svg>$/);
    expect(count(svg, /marker-end/g)).toBe(4);
    for (const text of ["data &lt;raw&gt;", ">tower<", ">sum<", "(None, 3)", "activation  linear", "dtype  float32", ">trainable<"])
      expect(svg, text).toContain(text);
    expect(svg).not.toContain(">deep<");
    expect(svg).not.toContain("NaN");
  });

  it("opens inner models in a frame", async () => {
    const svg = await plotModel(model(), { expandNested: true });
    expect(svg).toContain(">deep<");
    expect(count(svg, /stroke-dasharray/g)).toBe(1);
    expect(count(svg, /marker-end/g)).toBe(4);
  });

  it("refuses what it cannot draw", async () => {
    await expect(plotModel(new Sequential([layers.Dense({ units: 1 })]))).rejects.toThrow(/not built/);
    await expect(plotModel(model(), { rankdir: "UP" as "TB" })).rejects.toThrow(/"TB" or "LR"/);
    await expect(plotModel(model(), { showShape: true } as object)).rejects.toThrow(/showShapes/);
  });
});
