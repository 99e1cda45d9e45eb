/** Registering what only models of sequences use. */
import { layerRegistry } from "../layers/registry.ts";
import { lossRegistry } from "../losses/registry.ts";
import { scheduleRegistry } from "../optimizers/schedules/schedule.ts";
import { AttentionDecoder } from "./attention-decoder.ts";
import { InverseSquareRootDecay } from "./inverse-square-root-schedule.ts";
import { PositionEmbedding, SinePositionEncoding } from "./position-encoding.ts";
import { SequenceCrossentropy } from "./sequence-crossentropy.ts";
import { TokenAndPositionEmbedding } from "./token-and-position-embedding.ts";
import { TransformerDecoder } from "./transformer-decoder.ts";
import { TransformerEncoder } from "./transformer-encoder.ts";

/** Makes the layers, the loss and the schedule of translation known, so that saved models open. */
export function registerSequenceToSequence(): void {
  const layers = [
    AttentionDecoder,
    PositionEmbedding,
    SinePositionEncoding,
    TokenAndPositionEmbedding,
    TransformerDecoder,
    TransformerEncoder,
  ];
  for (const cls of layers) layerRegistry.register(cls);
  lossRegistry.register(SequenceCrossentropy);
  scheduleRegistry.register(InverseSquareRootDecay);
}
