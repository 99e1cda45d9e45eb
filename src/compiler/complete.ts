/** Gives all passes at once: for back-ends that want everything, and for tests. */
import { controlFlow, contractionPhases, cumulatives, dilations, gathers, rows, scatters, sorts, splits, windows } from "./parts.ts";
import * as controlFlowPass from "./passes/control-flow.ts";
import * as contractionPhasesPass from "./passes/contraction-phases.ts";
import * as buildCumulativePass from "./passes/build-cumulative.ts";
import * as buildDilatedPass from "./passes/build-dilated.ts";
import * as expandGatherPass from "./passes/expand-gather.ts";
import * as joinRowsPass from "./passes/join-rows.ts";
import * as buildScatterPass from "./passes/build-scatter.ts";
import * as buildSortPass from "./passes/build-sort.ts";
import * as splitReductionsPass from "./passes/split-reductions.ts";
import * as buildWindowsPass from "./passes/build-windows.ts";

controlFlow.provide(controlFlowPass);
contractionPhases.provide(contractionPhasesPass);
cumulatives.provide(buildCumulativePass);
dilations.provide(buildDilatedPass);
gathers.provide(expandGatherPass);
rows.provide(joinRowsPass);
scatters.provide(buildScatterPass);
sorts.provide(buildSortPass);
splits.provide(splitReductionsPass);
windows.provide(buildWindowsPass);
