/** The list of all primitives, for suites that run over each of them. */
import type { Primitive } from "../graph/index.ts";
import { negatePrimitive } from "./negate.ts";
import { absPrimitive } from "./abs.ts";
import { signPrimitive } from "./sign.ts";
import { floorPrimitive } from "./floor.ts";
import { ceilPrimitive } from "./ceil.ts";
import { roundPrimitive } from "./round.ts";
import { expPrimitive } from "./exp.ts";
import { expm1Primitive } from "./expm1.ts";
import { logPrimitive } from "./log.ts";
import { log1pPrimitive } from "./log1p.ts";
import { sqrtPrimitive } from "./sqrt.ts";
import { rsqrtPrimitive } from "./rsqrt.ts";
import { tanhPrimitive } from "./tanh.ts";
import { sigmoidPrimitive } from "./sigmoid.ts";
import { erfPrimitive } from "./erf.ts";
import { sinPrimitive } from "./sin.ts";
import { cosPrimitive } from "./cos.ts";
import { tanPrimitive } from "./tan.ts";
import { asinPrimitive } from "./asin.ts";
import { acosPrimitive } from "./acos.ts";
import { atanPrimitive } from "./atan.ts";
import { sinhPrimitive } from "./sinh.ts";
import { coshPrimitive } from "./cosh.ts";
import { asinhPrimitive } from "./asinh.ts";
import { acoshPrimitive } from "./acosh.ts";
import { atanhPrimitive } from "./atanh.ts";
import { notPrimitive } from "./not.ts";
import { isFinitePrimitive } from "./is-finite.ts";
import { addPrimitive } from "./add.ts";
import { subtractPrimitive } from "./subtract.ts";
import { multiplyPrimitive } from "./multiply.ts";
import { dividePrimitive } from "./divide.ts";
import { remainderPrimitive } from "./remainder.ts";
import { powerPrimitive } from "./power.ts";
import { maximumPrimitive } from "./maximum.ts";
import { minimumPrimitive } from "./minimum.ts";
import { atan2Primitive } from "./atan2.ts";
import { andPrimitive } from "./and.ts";
import { orPrimitive } from "./or.ts";
import { xorPrimitive } from "./xor.ts";
import { shiftLeftPrimitive } from "./shift-left.ts";
import { shiftRightLogicalPrimitive } from "./shift-right-logical.ts";
import { shiftRightArithmeticPrimitive } from "./shift-right-arithmetic.ts";
import { equalPrimitive } from "./equal.ts";
import { notEqualPrimitive } from "./not-equal.ts";
import { lessPrimitive } from "./less.ts";
import { lessEqualPrimitive } from "./less-equal.ts";
import { greaterPrimitive } from "./greater.ts";
import { greaterEqualPrimitive } from "./greater-equal.ts";
import { selectPrimitive } from "./select.ts";
import { convertPrimitive } from "./convert.ts";
import { bitcastPrimitive } from "./bitcast.ts";
import { constantPrimitive } from "./constant.ts";
import { iotaPrimitive } from "./iota.ts";
import { reshapePrimitive } from "./reshape.ts";
import { transposePrimitive } from "./transpose.ts";
import { broadcastInDimPrimitive } from "./broadcast-in-dim.ts";
import { slicePrimitive } from "./slice.ts";
import { padPrimitive } from "./pad.ts";
import { concatenatePrimitive } from "./concatenate.ts";
import { reversePrimitive } from "./reverse.ts";
import { reduceSumPrimitive } from "./reduce-sum.ts";
import { reduceMaxPrimitive } from "./reduce-max.ts";
import { reduceMinPrimitive } from "./reduce-min.ts";
import { reduceProdPrimitive } from "./reduce-prod.ts";
import { reduceAnyPrimitive } from "./reduce-any.ts";
import { reduceAllPrimitive } from "./reduce-all.ts";
import { argmaxPrimitive } from "./argmax.ts";
import { argminPrimitive } from "./argmin.ts";
import { stopGradientPrimitive } from "./stop-gradient.ts";
import { rngBitsPrimitive } from "./rng-bits.ts";
import { dotGeneralPrimitive } from "./dot-general.ts";
import { convGeneralPrimitive } from "./conv-general.ts";
import { reduceWindowSumPrimitive } from "./reduce-window-sum.ts";
import { windowArgmaxPrimitive } from "./window-argmax.ts";
import { windowGatherPrimitive } from "./window-gather.ts";
import { windowScatterPrimitive } from "./window-scatter.ts";
import { takePrimitive } from "./take.ts";
import { takeScatterAddPrimitive } from "./take-scatter-add.ts";
import { takeAlongAxisPrimitive } from "./take-along-axis.ts";
import { takeAlongAxisScatterAddPrimitive } from "./take-along-axis-scatter-add.ts";
import { gatherNdPrimitive } from "./gather-nd.ts";
import { scatterNdAddPrimitive, scatterNdSetPrimitive } from "./scatter-nd.ts";
import { dynamicSlicePrimitive } from "./dynamic-slice.ts";
import { dynamicUpdateSlicePrimitive } from "./dynamic-update-slice.ts";
import { cumulativeSumPrimitive } from "./cumulative-sum.ts";
import { cumulativeProdPrimitive } from "./cumulative-prod.ts";
import { cumulativeMaxPrimitive } from "./cumulative-max.ts";
import { cumulativeMinPrimitive } from "./cumulative-min.ts";
import { sortPrimitive } from "./sort.ts";
import { scanPrimitive } from "./scan.ts";
import { whilePrimitive } from "./while.ts";
import { condPrimitive } from "./cond.ts";

/** Every primitive with samples, one line each. */
export const allPrimitives: readonly Primitive[] = [
  negatePrimitive,
  absPrimitive,
  signPrimitive,
  floorPrimitive,
  ceilPrimitive,
  roundPrimitive,
  expPrimitive,
  expm1Primitive,
  logPrimitive,
  log1pPrimitive,
  sqrtPrimitive,
  rsqrtPrimitive,
  tanhPrimitive,
  sigmoidPrimitive,
  erfPrimitive,
  sinPrimitive,
  cosPrimitive,
  tanPrimitive,
  asinPrimitive,
  acosPrimitive,
  atanPrimitive,
  sinhPrimitive,
  coshPrimitive,
  asinhPrimitive,
  acoshPrimitive,
  atanhPrimitive,
  notPrimitive,
  isFinitePrimitive,
  addPrimitive,
  subtractPrimitive,
  multiplyPrimitive,
  dividePrimitive,
  remainderPrimitive,
  powerPrimitive,
  maximumPrimitive,
  minimumPrimitive,
  atan2Primitive,
  andPrimitive,
  orPrimitive,
  xorPrimitive,
  shiftLeftPrimitive,
  shiftRightLogicalPrimitive,
  shiftRightArithmeticPrimitive,
  equalPrimitive,
  notEqualPrimitive,
  lessPrimitive,
  lessEqualPrimitive,
  greaterPrimitive,
  greaterEqualPrimitive,
  selectPrimitive,
  convertPrimitive,
  bitcastPrimitive,
  constantPrimitive,
  iotaPrimitive,
  reshapePrimitive,
  transposePrimitive,
  broadcastInDimPrimitive,
  slicePrimitive,
  padPrimitive,
  concatenatePrimitive,
  reversePrimitive,
  reduceSumPrimitive,
  reduceMaxPrimitive,
  reduceMinPrimitive,
  reduceProdPrimitive,
  reduceAnyPrimitive,
  reduceAllPrimitive,
  argmaxPrimitive,
  argminPrimitive,
  stopGradientPrimitive,
  rngBitsPrimitive,
  dotGeneralPrimitive,
  convGeneralPrimitive,
  reduceWindowSumPrimitive,
  windowArgmaxPrimitive,
  windowGatherPrimitive,
  windowScatterPrimitive,
  takePrimitive,
  takeScatterAddPrimitive,
  takeAlongAxisPrimitive,
  takeAlongAxisScatterAddPrimitive,
  gatherNdPrimitive,
  scatterNdAddPrimitive,
  scatterNdSetPrimitive,
  dynamicSlicePrimitive,
  dynamicUpdateSlicePrimitive,
  cumulativeSumPrimitive,
  cumulativeProdPrimitive,
  cumulativeMaxPrimitive,
  cumulativeMinPrimitive,
  sortPrimitive,
  scanPrimitive,
  whilePrimitive,
  condPrimitive,
];
