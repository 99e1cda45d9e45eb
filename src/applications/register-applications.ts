/** Registering the layers that only applications use. */
import { layerRegistry } from "../layers/registry.ts";
import { CustomScaleLayer } from "./custom-scale-layer.ts";
import { DigitPrototypes } from "./digit-prototypes.ts";
import { IdentityShortcut } from "./identity-shortcut.ts";
import { LayerScale } from "./layer-scale.ts";
import { PartialConv2D } from "./partial-conv2d.ts";
import { ScaledTanh } from "./scaled-tanh.ts";
import { StochasticDepth } from "./stochastic-depth.ts";
import { Subsampling2D } from "./subsampling2d.ts";

/** Makes the layers of applications known, so that saved models open. */
export function registerApplications(): void {
  const classes = [
    CustomScaleLayer,
    DigitPrototypes,
    IdentityShortcut,
    LayerScale,
    PartialConv2D,
    ScaledTanh,
    StochasticDepth,
    Subsampling2D,
  ];
  for (const cls of classes) layerRegistry.register(cls);
}
