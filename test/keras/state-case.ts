/** Several recorded calls of one layer, states set back between them: outputs and weights after each, compared with what happens here. */
import type { Tensor } from "../../src/graph/index.ts";
import { deserialize } from "../../src/layers/index.ts";
import { flattenStructure } from "../../src/layers/structure.ts";
import { type Case, type StoredArray, toTensor, toleranceOf } from "./cases.ts";
import { compare, type Pair } from "./model-case.ts";

interface StoredCall {
  readonly inputs: StoredArray;
  readonly training: boolean | null;
  readonly reset: boolean;
  readonly mask: StoredArray | null;
  readonly outputs: readonly StoredArray[];
  readonly weights_after: readonly StoredArray[];
}

/** What a case differs in, or null. */
export async function checkStateCase(entry: Case): Promise<string | null> {
  const near = toleranceOf(entry, { rtol: 5e-5, atol: 2e-5 });
  const layer = deserialize({ ...(entry["serialized"] as object), build_config: null });
  const calls = entry["calls"] as readonly StoredCall[];
  (layer.build as (shape: unknown) => void)(calls[0]!.inputs.shape);
  const stored = entry["weights"] as { path: string; value: StoredArray }[];
  const [ours, theirs] = [layer.weights.map(({ name }) => name).join(), stored.map(({ path }) => path.split("/").at(-1)).join()];
  if (ours !== theirs) return `weights ${ours} instead of ${theirs}`;
  await layer.setWeights(stored.map(({ value }) => toTensor(value)));
  const run = layer as unknown as (x: Tensor, options: object) => unknown;
  for (const [i, { inputs, training, reset, mask, outputs, weights_after }] of calls.entries()) {
    if (reset) (layer as unknown as { resetState(): void }).resetState();
    const options = { ...(training === null ? {} : { training }), ...(mask === null ? {} : { mask: toTensor(mask) }) };
    const found = flattenStructure(run(toTensor(inputs), options)) as Tensor[];
    if (found.length !== outputs.length) return `call ${i}: ${found.length} outputs instead of ${outputs.length}`;
    const wrong = await compare(
      [
        ...found.map((tensor, k): Pair => [`call ${i}, output ${k}`, tensor, outputs[k]]),
        ...layer.weights.map((weight, k): Pair => [`${weight.path} after call ${i}`, weight.read(), weights_after[k]]),
      ],
      near,
    );
    if (wrong !== null) return wrong;
  }
  return null;
}
