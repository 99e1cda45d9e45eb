/** Gives all parts of the lowering at once: for back-ends that want everything, and for tests. */
import * as lowerCumulative from "./lower-cumulative.ts";
import * as lowerRows from "./lower-rows.ts";
import * as lowerScatter from "./lower-scatter.ts";
import * as lowerSort from "./lower-sort.ts";
import * as contractPadOperand from "./contract/pad-operand.ts";
import * as contractSplitContraction from "./contract/split-contraction.ts";
import * as contractReduceFallback from "./contract/reduce-fallback.ts";
import * as contractPackPanels from "./contract/pack-panels.ts";
import * as mathErf from "./math/erf.ts";
import * as mathInverseTrigonometric from "./math/inverse-trigonometric.ts";
import * as mathPower from "./math/power.ts";
import * as mathRemainder from "./math/remainder.ts";
import * as mathTrigonometric from "./math/trigonometric.ts";
import {
  cumulatives,
  rows,
  scatters,
  sorts,
  paddedOperands,
  splitContractions,
  reduceFallbacks,
  packedPanels,
  errorFunctions,
  inverseTrigonometry,
  powers,
  remainders,
  trigonometry,
} from "./parts.ts";

cumulatives.provide(lowerCumulative);
rows.provide(lowerRows);
scatters.provide(lowerScatter);
sorts.provide(lowerSort);
paddedOperands.provide(contractPadOperand);
splitContractions.provide(contractSplitContraction);
reduceFallbacks.provide(contractReduceFallback);
packedPanels.provide(contractPackPanels);
errorFunctions.provide(mathErf);
inverseTrigonometry.provide(mathInverseTrigonometric);
powers.provide(mathPower);
remainders.provide(mathRemainder);
trigonometry.provide(mathTrigonometric);
