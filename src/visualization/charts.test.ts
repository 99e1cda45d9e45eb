import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { ops, tensor, Variable } from "../index.ts";
import { barChart, decisionBoundary, encodePng, imageGrid, lineChart, surfaceChart, visualizeGraph } from "./index.ts";
import { logScale, numberText, roundTicks } from "./scale.ts";

describe("lineChart", () => {
  it("draws each curve from left to right, with title, axes and legend", () => {
    const svg = lineChart({
      title: "Loss & more",
      xLabel: "epoch",
      yLabel: "loss",
      series: [
        { name: "training", y: [3, 2, 1] },
        { name: "held out", y: [3, 2.5, NaN, 2], x: [1, 2, 3, 4], dashed: true },
      ],
    });
    for (const part of ["Loss &amp; more", ">epoch<", ">loss<", ">training<", ">held out<", "stroke-dasharray"])
      expect(svg).toContain(part);
    const [first, second] = [...svg.matchAll(/<path d="([^"]+)" fill="none" stroke="#[0-9A-F]{6}"/g)].map((match) => match[1]!);
    const places = first!
      .split(/[ML]/)
      .slice(1)
      .map((place) => place.split(" ").map(Number));
    expect(places.length).toBe(3);
    expect(places[0]![0]!).toBeLessThan(places[1]![0]!);
    expect(places[0]![1]!).toBeLessThan(places[2]![1]!);
    // The value that is not there leaves a gap: a second start.
    expect(second!.split("M").length).toBe(3);
  });

  it("keeps long curves short and says what is wrong", () => {
    const svg = lineChart({ series: [{ name: "a", y: Float64Array.from({ length: 50_000 }, (_, i) => i) }] });
    expect(svg.length).toBeLessThan(40_000);
    expect(() => lineChart({ series: [] })).toThrow(/nothing to draw/);
    expect(() => lineChart({ series: [{ name: "a", x: [1], y: [1, 2] }] })).toThrow(/"a"/);
  });

  it("has ticks at round numbers", () => {
    expect(roundTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(roundTicks(-3, 12, 4)).toEqual([0, 5, 10]);
    expect(logScale(0.01, 100, 0, 100).ticks.map(({ label }) => label)).toEqual(["0.01", "0.1", "1", "10", "100"]);
    expect([123456, 10 ** -5, 0.25, -2e-7].map(numberText)).toEqual(["1.23e5", "1e-5", "0.25", "-2e-7"]);
  });
});

describe("barChart and surfaceChart", () => {
  it("draw a bar per value, and level lines with paths", () => {
    const bars = barChart({ names: ["a", "b"], values: [1, 3], title: "Bars" });
    const widths = [...bars.matchAll(/<rect x="[\d.]+" y="\d+" width="([\d.]+)"/g)].map((match) => Number(match[1]));
    expect(widths[1]! / widths[0]!).toBeCloseTo(3, 1);
    expect(() => barChart({ names: ["a"], values: [] })).toThrow(/every bar/);
    const svg = surfaceChart({
      height3d: (x, y) => x * x + y * y,
      xRange: [-1, 1],
      yRange: [-1, 1],
      levels: [0.25],
      paths: [{ name: "down", x: [1, 0], y: [1, 0] }],
      width: 400,
      height: 400,
    });
    // The level line is a circle of radius 1/2 around the middle.
    const line = /<path d="(M[^"]+)" fill="none" stroke="rgb/.exec(svg)![1]!;
    const points = line
      .split(/[ML]/)
      .slice(1)
      .map((place) => place.split(" ").map(Number));
    const [cx, cy] = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis]!, 0) / points.length);
    const [rx, ry] = [0, 1].map((axis) => (Math.max(...points.map((p) => p[axis]!)) - Math.min(...points.map((p) => p[axis]!))) / 2);
    for (const [x, y] of points) expect(((x! - cx!) / rx!) ** 2 + ((y! - cy!) / ry!) ** 2).toBeCloseTo(1, 1);
    expect(svg).toContain(">down<");
  });
});

describe("decisionBoundary", () => {
  it("colours the plane by what is predicted there", async () => {
    const svg = await decisionBoundary({
      predict: async (points) => ops.cast(ops.greater(ops.sum(points, 1), 0), "int32"),
      x: [
        [-1, -1],
        [1, 1],
      ],
      y: [0, 1],
      names: { 0: "below", 1: "above" },
      resolution: 20,
    });
    expect(svg).toContain(">below<");
    expect([...svg.matchAll(/fill-opacity="0.22"/g)].length).toBe(2);
    expect([...svg.matchAll(/<circle/g)].length).toBe(4);
    await expect(
      decisionBoundary({
        predict: async () => [1],
        x: [
          [1, 2],
          [2, 1],
        ],
        y: [0, 1],
      }),
    ).rejects.toThrow(/one label per point/);
    await expect(decisionBoundary({ predict: async () => [1], x: [[1], [2]], y: [0, 1] })).rejects.toThrow(/two features/);
  });
});

describe("PNG files", () => {
  it("hold the pixels that others read from them, of 1, 3 and 4 channels", () => {
    for (const channels of [1, 3, 4] as const) {
      const pixels = Uint8Array.from({ length: 5 * 3 * channels }, (_, i) => (i * 37) % 256);
      const read = PNG.sync.read(Buffer.from(encodePng(pixels, 5, 3, channels)));
      expect([read.width, read.height]).toEqual([5, 3]);
      for (let i = 0; i < 15; i++) {
        expect(read.data[4 * i]).toBe(pixels[i * channels]);
        expect(read.data[4 * i + 2]).toBe(pixels[i * channels + (channels === 1 ? 0 : 2)]);
        expect(read.data[4 * i + 3]).toBe(channels === 4 ? pixels[4 * i + 3] : 255);
      }
    }
    expect(() => encodePng(new Uint8Array(5), 2, 2, 1)).toThrow(/2 x 2 x 1/);
  });

  it("of a grid show images beside and below each other, stretched as asked", async () => {
    const images = tensor([
      [
        [0, 1],
        [2, 3],
      ],
      [
        [3, 3],
        [3, 3],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ]);
    const read = PNG.sync.read(Buffer.from(await imageGrid(images, { columns: 2, scale: 2, gap: 1 })));
    expect([read.width, read.height]).toEqual([11, 11]);
    const at = (x: number, y: number): number => read.data[4 * (y * 11 + x)]!;
    expect([at(0, 0), at(1, 1), at(3, 1), at(1, 3), at(4, 4), at(6, 1), at(1, 6), at(6, 6)]).toEqual([255, 0, 85, 170, 255, 255, 0, 255]);
    const own = PNG.sync.read(Buffer.from(await imageGrid([[[5, 6]], [[1, 9]]], { columns: 2, scale: 1, gap: 0, range: "each" })));
    expect([0, 1, 2, 3].map((x) => own.data[4 * x])).toEqual([0, 255, 0, 255]);
    await expect(imageGrid([[1, 2]])).rejects.toThrow(/no images/);
  });
});

describe("visualizeGraph", () => {
  it("shows every value and gradient in the order of their computation, equal to finite differences", async () => {
    const [x, w] = [tensor(2), tensor(-3)];
    const b = new Variable(1, { name: "b" });
    const f = (a: number, v: number, c: number): number => 1 / (1 + Math.exp(-(a * v + c)));
    const y = ops.sigmoid(ops.add(ops.multiply(x, w), b));
    const { svg, steps, text } = await visualizeGraph(y, { names: { x, w, b }, title: "A neuron" });
    expect(steps.map(({ direction }) => direction)).toEqual([...Array<string>(6).fill("forward"), ...Array<string>(6).fill("backward")]);
    const value = (name: string, direction: string): number =>
      steps.find((step) => step.name === name && step.direction === direction)!.values[0]!;
    expect(value("multiply", "forward")).toBe(-6);
    expect(value("y", "forward")).toBeCloseTo(f(2, -3, 1), 6);
    const slope = (at: (h: number) => number): number => (at(1e-4) - at(-1e-4)) / 2e-4;
    expect(value("x", "backward")).toBeCloseTo(
      slope((h) => f(2 + h, -3, 1)),
      5,
    );
    expect(value("w", "backward")).toBeCloseTo(
      slope((h) => f(2, -3 + h, 1)),
      5,
    );
    expect(value("b", "backward")).toBeCloseTo(
      slope((h) => f(2, -3, 1 + h)),
      5,
    );
    expect(steps[6]!.expression).toBe("d y / d y");
    for (const part of ["A neuron", ">x<", ">multiply<", ">y = sigmoid<", "(12)"]) expect(svg).toContain(part);
    expect(text).toContain("multiply = multiply(x, w)".replace("multiply = ", ""));
    const half = await visualizeGraph(y, { names: { x, w, b }, steps: 6 });
    expect([...half.svg.matchAll(/grad {2}\.\.\./g)].length).toBe(6);
  });

  it("draws matrices by their range, integers without gradients, and shared values once", async () => {
    const x = tensor([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
    const square = ops.multiply(x, x);
    const { steps, svg } = await visualizeGraph(ops.sum(ops.add(square, square)), { names: { x } });
    expect(steps.filter(({ name, direction }) => name === "multiply" && direction === "forward").length).toBe(1);
    expect(svg).toContain("[2, 4] 1 .. 64".replace("1 .. 64", "1 .. 8"));
    const whole = await visualizeGraph(ops.add(tensor(Int32Array.of(1)), tensor(Int32Array.of(2))));
    expect(whole.steps.every(({ direction }) => direction === "forward")).toBe(true);
  });
});
