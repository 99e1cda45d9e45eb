/** Registering the layers that only applications use. */
import { layerRegistry } from "../layers/registry.ts";
import { CustomScaleLayer } from "./custom-scale-layer.ts";
import { DigitPrototypes } from "./digit-prototypes.ts";
import { IdentityShortcut } from "./identity-shortcut.ts";
import { PartialConv2D } from "./partial-conv2d.ts";
import { ScaledTanh } from "./scaled-tanh.ts";
import { Subsampling2D } from "./subsampling2d.ts";

/** Makes the layers of applications known, so that saved models open. */
export function registerApplications(): void {
  for (const cls of [CustomScaleLayer, DigitPrototypes, IdentityShortcut, PartialConv2D, ScaledTanh, Subsampling2D])
    layerRegistry.register(cls);
}
