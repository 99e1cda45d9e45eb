/** Who makes the adapters of layers: few programs have any. */
import type { DType } from "../dtype/index.ts";
import type { Variable } from "../graph/index.ts";
import { Provided } from "../parts/provided.ts";
import type { AdaptedWeight, LoraOptions } from "./adaptable-layer.ts";
import type { WeightOptions } from "./weight-options.ts";

/** What adapters are asked of. */
export interface AdapterRequest {
  readonly where: string;
  readonly adapted: AdaptedWeight;
  /** Whether the layer has adapters. */
  readonly isAdapted: boolean;
  readonly dtype: DType;
  readonly rank: number;
  readonly options: LoraOptions;
  readonly addWeight: (options: WeightOptions) => Variable;
}

/** Makes the variables A and B. */
export type MakeAdapters = (request: AdapterRequest) => { readonly a: Variable; readonly b: Variable };

/** Given by `registerQuantization`. */
export const adapterMaker: Provided<MakeAdapters> = /* @__PURE__ */ new Provided<MakeAdapters>(
  "adapters",
  'import { registerQuantization } from "nabla/layers" and call it',
);
