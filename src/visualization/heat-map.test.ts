import { describe, expect, it } from "vitest";
import { attentionChart, heatMap } from "./index.ts";

const table = { rows: ["cat", "<dog>"], columns: ["a", "b", "c"], values: [[0, 5, 10], [10, NaN, 2.5]] }; // prettier-ignore

describe("heatMap", () => {
  it("draws a square for every number, white at 0 and darkest at the largest", () => {
    const svg = heatMap({ ...table, title: "counts", rowLabel: "true", columnLabel: "said" });
    const fills = [...svg.matchAll(/<rect x[^>]*fill="(#\w+)"><title>([^<]*)/g)].map(([, fill, value]) => [value, fill]);
    expect(fills.map(([value]) => value)).toEqual(["0", "5", "10", "10", "NaN", "2.5"]);
    expect(fills[0]![1]).toBe("#ffffff");
    expect(fills[2]![1]).toBe("#00204d");
    expect(fills[4]![1]).toBe("#bbbbbb");
    expect(svg).toContain("&lt;dog&gt;");
    for (const label of ["counts", "true", "said", "cat"]) expect(svg).toContain(`>${label}</text>`);
  });

  it("is darker for larger values over its whole range", () => {
    const values = Array.from({ length: 21 }, (_, i) => i - 10);
    const svg = heatMap({ rows: ["r"], columns: values.map(String), values: [values] });
    const brightness = [...svg.matchAll(/<rect x[^>]*fill="#(\w\w)(\w\w)(\w\w)"/g)].map(([, ...rgb]) =>
      rgb.reduce((sum, channel, i) => sum + parseInt(channel, 16) * [0.299, 0.587, 0.114][i]!, 0),
    );
    expect(brightness.length).toBe(21);
    for (let i = 1; i < 21; i++) expect(brightness[i]!).toBeLessThan(brightness[i - 1]!);
  });

  it("keeps all it draws inside the picture", () => {
    const svg = heatMap({
      ...table,
      rows: ["a rather long name of a row", "b"],
      title: "a title that is much wider than the three squares",
    });
    const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)!.map(Number);
    for (const [, x, y, w, h] of svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)) {
      expect(Number(x) + Number(w)).toBeLessThanOrEqual(width!);
      expect(Number(y) + Number(h)).toBeLessThanOrEqual(height!);
    }
  });

  it("says where names and numbers do not match", () => {
    expect(() => heatMap({ ...table, rows: ["cat"] })).toThrow(/1 rows of 3/);
    expect(() => heatMap({ ...table, columns: ["a", "b"] })).toThrow(/a row of 3/);
    expect(() => heatMap({ ...table, colour: "red" } as never)).toThrow(/colour/);
  });
});

it("attentionChart has targets below each other and sources beside each other", () => {
  const svg = attentionChart({ source: [" Ein", " Hund", "[END]"], target: [" A", " dog"], weights: [[0.9, 0.1, 0], [0.2, 0.8, 0]] }); // prettier-ignore
  expect(svg).toContain(">Hund</text>");
  const squares = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)"[^>]*><title>([^<]*)/g)].map(([, x, y, value]) => ({ x: Number(x), y: Number(y), value })); // prettier-ignore
  const at = (value: string): { x: number; y: number } => squares.find((square) => square.value === value)!;
  expect(at("0.8").y).toBeGreaterThan(at("0.9").y);
  expect(at("0.1").x).toBeGreaterThan(at("0.9").x);
  expect(() => attentionChart({ source: ["a"], target: ["b"], weights: [] })).toThrow(/heatMap/);
});
