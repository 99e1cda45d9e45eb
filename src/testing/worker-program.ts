/** The program of a worker that tests start: all of nabla, a layer of its own, a model of its own. */
import { layers, Sequential } from "../index.ts";
import { serve } from "../worker/index.ts";
import { Times } from "./times-layer.ts";

serve({
  customObjects: { Times },
  model: () => {
    const model = new Sequential({ name: "made_there", layers: [layers.Dense({ units: 1, kernelInitializer: "ones", inputShape: [2] })] });
    model.compile({ optimizer: "sgd", loss: "mse", metrics: [] });
    return model;
  },
});
