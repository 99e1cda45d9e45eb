import { describe, expect, it } from "vitest";
import { layers, ops, Sequential, setBackend, tensor } from "../index.ts";
import * as visualization from "./index.ts";

await setBackend("reference");

/** Class 1 is a bright lower right quarter; its map is the image itself. */
async function network(): Promise<Sequential> {
  const model = new Sequential([
    layers.InputLayer({ shape: [4, 4, 1] }),
    layers.Conv2D({ filters: 1, kernelSize: 1, useBias: false, name: "maps" }),
    layers.Flatten(),
    layers.Dense({ units: 2, useBias: false, name: "logits" }),
  ]);
  const evidence = Array.from({ length: 16 }, (_, i) => [0, i % 4 >= 2 && i >= 8 ? 1 : 0]);
  await model.setWeights([[[[[1]]]], evidence]);
  return model;
}
const image = tensor(
  Array.from({ length: 16 }, (_, i) => (i === 15 || i === 0 ? 1 : 0)),
  { shape: [4, 4, 1] },
);

describe("pictures of networks", () => {
  it("show filters and feature maps", async () => {
    const conv = layers.Conv2D({ filters: 5, kernelSize: 3 });
    conv.build([null, 8, 8, 3]);
    expect(visualization.filterImages(conv).shape).toEqual([5, 3, 3, 3]);
    const deep = layers.Conv2D({ filters: 2, kernelSize: 3 });
    deep.build([null, 8, 8, 4]);
    expect(visualization.filterImages(deep).shape).toEqual([8, 3, 3, 1]);
    expect(() => visualization.filterImages(layers.Flatten())).toThrow(/no filters/);
    const maps = visualization.featureMaps(await network(), image, "maps");
    expect([maps.shape, Array.from(await maps.data())[15]]).toEqual([[1, 4, 4, 1], 1]);
    expect(() => visualization.featureMaps(new Sequential(), image, "maps")).toThrow();
  });

  it("show where the evidence is: Grad-CAM follows the map, occlusion only what the class looks at", async () => {
    const model = await network();
    const cam = await visualization.gradCam(model, image, "maps", { classIndex: 1 });
    expect(cam.shape).toEqual([4, 4]);
    expect((await cam.data())[15]).toBeCloseTo(1, 6);
    const map = await visualization.occlusionMap(model, image, { size: 2, step: 2, value: 0, classIndex: 1 });
    expect(await map.array()).toEqual([[0, 0], [0, 1]]); // prettier-ignore
    expect((await ops.argmax(await model.predict(ops.expandDims(image, 0), { verbose: 0 }), -1).data())[0]).toBe(1);
  });
});
