/** One recorded sequence of updates of a metric, compared with what the same metric gives here. */
import type { Tensor } from "../../src/graph/index.ts";
import * as metrics from "../../src/metrics/index.ts";
import { type Case, closeConfig, decode, difference, isStored, revive, type StoredArray, toTensor } from "./cases.ts";
import type { RunState } from "./live-state.ts";
import { TracedState } from "./traced-state.ts";

metrics.registerMetrics();
const tolerance = { rtol: 1e-5, atol: 1e-6 };

/** An update as files hold it. */
interface Update {
  args: StoredArray[];
  sample_weight: StoredArray | null;
  result_after: StoredArray;
}

/** What a case differs in, or null: the result after each update, the state, both again after `resetState`. */
export async function checkMetricCase(entry: Case, state: RunState = new TracedState()): Promise<string | null> {
  const first = metrics.metricRegistry
    .classOf(entry["class_name"] as string)
    .fromConfig(revive(entry["kwargs"]) as Record<string, unknown>);
  const metric = metrics.deserialize(metrics.serialize(first));
  const config = metric.getConfig();
  // nabla also saves the axis of CosineSimilarity, which Keras forgets.
  const wanted = entry["config"] as Record<string, unknown>;
  const plain = Object.fromEntries(
    Object.entries(wanted).map(([key, value]) => [key, isStored(value) ? Array.from(decode(value).data) : value]),
  );
  const problem = closeConfig(Object.fromEntries(Object.keys(wanted).map((key) => [key, config[key]])), plain);
  if (problem !== null) return problem;
  const updates = entry["updates"] as Update[];
  const play = async (): Promise<string | null> => {
    for (const [i, { args, sample_weight, result_after }] of updates.entries()) {
      const [result] = await state.run(() => {
        const sampleWeight = sample_weight === null ? null : toTensor(sample_weight);
        (metric as { updateState(...args: unknown[]): void }).updateState(...args.map(toTensor), { sampleWeight });
        return [metric.result() as Tensor];
      });
      const wrong = difference(result!, result_after, tolerance);
      if (wrong !== null) return `update ${i}: ${wrong}`;
    }
    return null;
  };
  const wrong = await play();
  if (wrong !== null) return wrong;
  for (const [i, { name, value }] of (entry["variables"] as { name: string; value: StoredArray }[]).entries()) {
    const variable = metric.variables[i];
    if (variable?.name !== name) return `state ${i} is ${variable?.name} instead of ${name}`;
    const different = difference(await state.value(variable), value, tolerance);
    if (different !== null) return `${name}: ${different}`;
  }
  await state.run(() => metric.resetState());
  const again = await play();
  return again === null ? null : `after resetState, ${again}`;
}
