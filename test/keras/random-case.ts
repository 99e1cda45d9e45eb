/** A case of any group, compared with what is here: which check a group needs. */
import { Subgraph } from "../../src/graph/index.ts";
import { typeOf } from "../../src/graph/index.ts";
import { currentBackend } from "../../src/runtime/backends.ts";
import { runnerOf } from "../../src/testing/compare.ts";
import { type Case, toleranceOf } from "./cases.ts";
import { checkLayerCase } from "./layer-case.ts";
import { LiveState } from "./live-state.ts";
import { checkLossCase } from "./loss-case.ts";
import { checkMetricCase } from "./metric-case.ts";
import { checkModelCase } from "./model-case.ts";
import { checkOpCase, type Evaluate } from "./op-case.ts";
import { checkOptimizerCase, checkScheduleCase } from "./optimizer-case.ts";
import { checkCallbackCase, checkUtilityCase } from "./other-case.ts";
import { checkAdaptedCase, checkPreprocessingCase } from "./preprocessing-case.ts";
import { checkRecurrentCase } from "./recurrent-case.ts";
import { checkStateCase } from "./state-case.ts";
import { checkTrainingCase } from "./training-case.ts";
import { checkActivationCase, checkConstraintCase, checkRegularizerCase } from "./small-case.ts";

const plain = { rtol: 2e-5, atol: 1e-5 };
const loose = { rtol: 5e-5, atol: 2e-5 };

type Check = (entry: Case, options: { sameConfig: boolean }) => string | null | Promise<string | null>;

const evaluateHere: Evaluate = async (tensors) => {
  const values = await runnerOf(await currentBackend())(new Subgraph([], tensors), []);
  return tensors.map((tensor, i) => ({ ...typeOf(tensor), data: values[i]! }));
};

const checks: Readonly<Record<string, Check>> = {
  layers_normalization: (entry, options) => checkLayerCase(entry, toleranceOf(entry, loose), options),
  layers_recurrent: checkRecurrentCase,
  layers_attention: checkRecurrentCase,
  layers_preprocessing: checkPreprocessingCase,
  layers_adapt: checkAdaptedCase,
  ops: (entry) => checkOpCase(entry, evaluateHere),
  ops_newer: (entry) => checkOpCase(entry, evaluateHere),
  losses: (entry) => checkLossCase(entry, evaluateHere),
  metrics: (entry) => checkMetricCase(entry, new LiveState()),
  optimizers: (entry) => checkOptimizerCase(entry, new LiveState()),
  schedules: (entry) => checkScheduleCase(entry, evaluateHere),
  activations: (entry) => checkActivationCase(entry, evaluateHere),
  regularizers: (entry) => checkRegularizerCase(entry, evaluateHere),
  constraints: (entry) => checkConstraintCase(entry, evaluateHere),
  random_models: checkModelCase,
  random_training: checkTrainingCase,
  layer_states: checkStateCase,
  callbacks: checkCallbackCase,
  utils: checkUtilityCase,
};

/** What a case of a group differs in, or null; an error that it throws is a difference too. */
export async function checkCase(group: string, entry: Case, options: { sameConfig: boolean }): Promise<string | null> {
  const check: Check = checks[group] ?? ((entry, options) => checkLayerCase(entry, toleranceOf(entry, plain), options));
  try {
    return await check(entry, options);
  } catch (error) {
    return `throws ${String(error)}`;
  }
}
