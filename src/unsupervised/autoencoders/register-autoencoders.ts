/** Registering what autoencoders add to layers, models and regularizers. */
import type { Layer } from "../../layers/index.ts";
import { layerRegistry } from "../../layers/registry.ts";
import { regularizerRegistry } from "../../regularizers/index.ts";
import { registerSerializable, type SerializableClass } from "../../serialization/index.ts";
import { Autoencoder } from "./autoencoder.ts";
import { ContractiveAutoencoder } from "./contractive-autoencoder.ts";
import { KLSparsity } from "./kl-sparsity.ts";
import { L1Sparsity } from "./l1-sparsity.ts";
import { MaskingNoise } from "./masking-noise.ts";
import { SaltAndPepperNoise } from "./salt-and-pepper-noise.ts";
import { Sampling } from "./sampling.ts";
import { StackedAutoencoder } from "./stacked-autoencoder.ts";
import { VariationalAutoencoder } from "./variational-autoencoder.ts";

/** Makes autoencoders and their parts known, so that saved models open. Keras has none of them: files name them `nabla>...`. */
export function registerAutoencoders(): void {
  const models = [Autoencoder, ContractiveAutoencoder, StackedAutoencoder, VariationalAutoencoder];
  const layers: unknown[] = [MaskingNoise, SaltAndPepperNoise, Sampling, ...models];
  for (const cls of layers as SerializableClass<Layer>[]) layerRegistry.register(registerSerializable(cls, { package: "nabla" }));
  for (const cls of [KLSparsity, L1Sparsity]) regularizerRegistry.register(registerSerializable(cls, { package: "nabla" }));
}
