/** All operators of ONNX that are read, by name. */
import { controlFlowOperators } from "./control-flow.ts";
import { elementwiseOperators } from "./elementwise.ts";
import type { Operator } from "./operator.ts";
import { productOperators } from "./products.ts";
import { recurrentOperators } from "./recurrent.ts";
import { reducingOperators } from "./reducing.ts";
import { shapingOperators } from "./shaping.ts";
import { windowOperators } from "./windows.ts";

/** The meaning of each operator. */
export const operators: Readonly<Record<string, Operator>> = {
  ...elementwiseOperators,
  ...shapingOperators,
  ...reducingOperators,
  ...windowOperators,
  ...productOperators,
  ...recurrentOperators,
  ...controlFlowOperators,
};
