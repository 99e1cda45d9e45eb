import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { layers } from "../index.ts";
import { layerRegistry } from "./registry.ts";

/** Layers whose inputs are no arrays of one shape: they have tests of their own. */
const elsewhere: Readonly<Record<string, string>> = {
  InputLayer: "input-layer",
  MaxNumBoundingBoxes: "max-num-bounding-boxes.test.ts",
};

it("every layer keeps the contract of layers, ten kinds of nonsense included", () => {
  const folder = new URL(".", import.meta.url);
  const texts = readdirSync(folder)
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => readFileSync(new URL(file, folder), "utf8"))
    .filter((text) => text.includes("runLayerContract("))
    .join("\n");
  const untested = layerRegistry
    .classNames()
    .filter((name) => Object.hasOwn(layers, name) && !(name in elsewhere) && !new RegExp(`\\b${name}\\b`).test(texts));
  expect(untested).toEqual([]);
});
