import { describe, expect, it } from "vitest";
import { evaluate } from "../backends/reference/index.ts";
import { concreteShape, dataTensor, parameterTensor, Subgraph, type Tensor } from "../graph/index.ts";
import { randomNumbers } from "../testing/finite-differences.ts";
import { checkGradients } from "../testing/gradient-check.ts";
import * as ops from "./index.ts";

type F = (...xs: Tensor[]) => Tensor | Tensor[];
/** Shapes of the operands; numbers in (-1, 1) times `scale` plus `shift`. */
interface Operands {
  readonly shapes?: readonly (readonly number[])[];
  readonly scale?: number;
  readonly shift?: number;
}
const positive: Operands = { scale: 0.4, shift: 1 };
const one = (...shape: number[]): Operands => ({ shapes: [shape] });
const two = (a: readonly number[], b: readonly number[]): Operands => ({ shapes: [a, b] });
const ids = dataTensor(Int32Array.of(0, 2, 2, 0, 1), [5], "int32");
const labels = dataTensor(Int32Array.of(1, 2, 2, 3, 0, 0), [2, 3], "int32");
const [time, count] = [dataTensor(Int32Array.of(5, 4), [2], "int32"), dataTensor(Int32Array.of(3, 1), [2], "int32")];
const nan = (x: Tensor): Tensor => ops.where(ops.less(ops.reshape(ops.arange(x.size), concreteShape(x)), 2), NaN, x);
const flat = (x: Tensor): Tensor => ops.cast(x, "float64");

/** First derivatives of each are compared with differences. */
// prettier-ignore
const cases: readonly (readonly [name: string, f: F, operands?: Operands])[] = [
  ["abs", ops.abs], ["arccos", ops.arccos], ["arccosh", ops.arccosh, { scale: 0.5, shift: 2 }], ["arcsin", ops.arcsin], ["arcsinh", ops.arcsinh],
  ["arctan", ops.arctan], ["arctanh", ops.arctanh, { scale: 0.8 }], ["cbrt", ops.cbrt], ["cos", ops.cos], ["cosh", ops.cosh], ["deg2rad", ops.deg2rad],
  ["erf", ops.erf], ["erfc", ops.erfc], ["erfc of large", ops.erfc, { shift: 3 }], ["exp", ops.exp], ["exp2", ops.exp2], ["expm1", ops.expm1], ["fabs", ops.fabs], ["i0", ops.i0, { scale: 4 }], ["i0 of large", ops.i0, { shift: 25 }],
  ["log", ops.log, positive], ["log10", ops.log10, positive], ["log1p", ops.log1p, positive], ["log2", ops.log2, positive], ["negative", ops.negative],
  ["rad2deg", ops.rad2deg], ["reciprocal", ops.reciprocal, positive], ["rsqrt", ops.rsqrt, positive], ["sin", ops.sin], ["sinc", ops.sinc], ["sinh", ops.sinh], ["sqrt", ops.sqrt, positive],
  ["square", ops.square], ["tan", ops.tan], ["tanh", ops.tanh], ["trunc", ops.trunc, { scale: 0.2, shift: 2.5 }],
  ["angle", (a, b) => ops.angle([a, b]), two([5], [5])], ["polar", (a, b) => ops.polar(a, b), two([5], [5])], ["viewAsReal", (a, b) => ops.viewAsReal([a, b]), two([3], [3])],
  ["add", ops.add, two([2, 3], [3])], ["subtract", ops.subtract, two([2, 3], [2, 1])], ["multiply", ops.multiply, two([2, 3], [3])], ["divide", ops.divide, { shapes: [[2, 3], [3]], ...positive }],
  ["power", ops.power, { shapes: [[2, 3], [3]], ...positive }], ["maximum", ops.maximum, two([6], [6])], ["minimum", ops.minimum, two([6], [6])], ["arctan2", ops.arctan2, two([6], [6])],
  ["logaddexp", ops.logaddexp, two([6], [6])], ["logaddexp2", ops.logaddexp2, two([6], [6])], ["hypot", ops.hypot, two([6], [6])], ["mod", ops.mod, { shapes: [[6], [6]], ...positive }],
  ["fmax", ops.fmax, two([6], [6])], ["fmin", ops.fmin, two([6], [6])], ["fmod", ops.fmod, { shapes: [[6], [6]], ...positive }], ["ldexp", (x) => ops.ldexp(x, [1, -2, 3]), one(3)], ["divideNoNan", ops.divideNoNan, { shapes: [[6], [6]], ...positive }],
  ["clip", (x) => ops.clip(x, -0.5, 0.5), one(8)], ["where", (x, y) => ops.where([true, false, true], x, y), two([3], [3])], ["select", (x, y) => ops.select([[true, false, false]], [x], y), two([3], [3])],
  ["sum", (x) => ops.sum(x, 1), one(2, 3)], ["prod", (x) => ops.prod(x, 0), one(3, 2)], ["mean", (x) => ops.mean(x), one(2, 3)], ["var", (x) => ops.var(x, 1), one(2, 4)], ["std", (x) => ops.std(x, 1), one(2, 4)],
  ["max", (x) => ops.max(x, 0), one(4, 2)], ["min", (x) => ops.min(x, 1), one(2, 4)], ["ptp", (x) => ops.ptp(x, 1), one(2, 4)], ["logsumexp", (x) => ops.logsumexp(x, 1), one(2, 4)], ["average", (x, w) => ops.average(x, 0, w), { shapes: [[3, 2], [3]], ...positive }],
  ["cumsum", (x) => ops.cumsum(x, 0), one(4, 2)], ["cumprod", (x) => ops.cumprod(x, 1), one(2, 4)],
  ["nansum", (x) => ops.nansum(nan(x), 0), one(3, 2)], ["nanprod", (x) => ops.nanprod(nan(x), 0), one(3, 2)], ["nanmean", (x) => ops.nanmean(nan(x), 1), one(2, 4)], ["nanvar", (x) => ops.nanvar(nan(x), 1), one(2, 4)], ["nanstd", (x) => ops.nanstd(nan(x), 1), one(2, 4)],
  ["nanmax", (x) => ops.nanmax(nan(x), 1), one(2, 4)], ["nanmin", (x) => ops.nanmin(nan(x), 1), one(2, 4)], ["nanmedian", (x) => ops.nanmedian(nan(x), 1), one(2, 5)], ["nancumsum", (x) => ops.nancumsum(nan(x), 1), one(2, 4)], ["nancumprod", (x) => ops.nancumprod(nan(x), 1), one(2, 4)],
  ["sort", (x) => ops.sort(x, 0), one(5, 2)], ["topK", (x) => ops.topK(x, 2)[0], one(2, 5)], ["median", (x) => ops.median(x, 1), one(2, 4)], ["quantile", (x) => ops.quantile(x, [0.2, 0.75], 1), one(2, 6)],
  ["quantile by q", (q) => ops.quantile(ops.cast(ids, q.dtype), ops.abs(q)), one(3)], ["nanquantile", (x) => ops.nanquantile(nan(x), 0.4, 1), one(2, 6)],
  ["take", (x) => ops.take(x, [2, 0, 2], 1), one(2, 3)], ["takeAlongAxis", (x) => ops.takeAlongAxis(x, Int32Array.of(1, 0, 1), 0), one(3)], ["roll", (x) => ops.roll(x, 2, 0), one(5)], ["rot90", (x) => ops.rot90(x), one(2, 3)],
  ["repeat", (x) => ops.repeat(x, 2, 1), one(2, 3)], ["repeat by counts", (x) => ops.repeat(x, [2, 0, 3], 1), one(2, 3)], ["tile", (x) => ops.tile(x, [2, 2]), one(2, 3)], ["flip", (x) => ops.flip(x, 0), one(4)], ["pad reflect", (x) => ops.pad(x, [[1, 2]], "reflect"), one(4)], ["pad symmetric", (x) => ops.pad(x, [[1, 2]], "symmetric"), one(4)], ["pad edge", (x) => ops.pad(x, [[1, 2]], "edge"), one(4)],
  ["diag", (x) => ops.diag(x, 1), one(3)], ["diagonal", (x) => ops.diagonal(x, 1, 0, 2), one(3, 2, 4)], ["trace", (x) => ops.trace(x), one(3, 4)], ["diagflat", (x) => ops.diagflat(x), one(2, 2)], ["tril", (x) => ops.tril(x), one(3, 3)],
  ["cross", (x, y) => ops.cross(x, y), two([2, 3], [2, 3])], ["cross in the plane", (x, y) => ops.cross(x, y), two([2, 2], [2, 2])], ["kron", ops.kron, two([2, 2], [2, 3])], ["inner", ops.inner, two([2, 3], [4, 3])], ["outer", ops.outer, two([3], [2])], ["dot", ops.dot, two([2, 3], [3, 2])],
  ["matmul", ops.matmul, two([2, 2, 3], [3, 2])], ["einsum", (x, y) => ops.einsum("ij,kj->ik", x, y), two([2, 3], [4, 3])], ["tensordot", (x, y) => ops.tensordot(x, y, 1), two([2, 3], [3, 2])], ["vdot", ops.vdot, two([2, 2], [2, 2])],
  ["correlate", (x, y) => ops.correlate(x, y, "full"), two([5], [3])], ["corrcoef", (x) => ops.corrcoef(x), one(3, 5)], ["trapezoid", (y, x) => ops.trapezoid(y, x), two([5], [5])], ["vander", (x) => ops.vander(x), one(4)], ["cdist", ops.cdist, two([3, 2], [4, 2])],
  ["segmentSum", (x) => ops.segmentSum(x, ids, 4), one(5, 2)], ["segmentMax", (x) => ops.segmentMax(x, ids, 3), one(5, 2)], ["segmentMin", (x) => ops.segmentMin(x, ids, 3), one(5)], ["segmentProd", (x) => ops.segmentProd(x, ids, 3), one(5)],
  ["fft", (a, b) => ops.fft([a, b]), two([2, 6], [2, 6])], ["fft2", (a, b) => ops.fft2([a, b]), two([3, 4], [3, 4])], ["ifft2", (a, b) => ops.ifft2([a, b]), two([3, 4], [3, 4])], ["rfft", (x) => ops.rfft(x, 7), one(9)], ["irfft", (a, b) => ops.irfft([a, b], 7), two([4], [4])],
  ["stft", (x) => ops.stft(x, 4, 2, 6), one(12)], ["istft", (a, b) => ops.istft([a, b], 4, 2, 6), two([5, 4], [5, 4])], ["extractSequences", (x) => ops.extractSequences(x, 3, 2), one(8)],
  ["elu", (x) => ops.elu(x)], ["celu", (x) => ops.celu(x, 0.7)], ["selu", ops.selu], ["gelu", (x) => ops.gelu(x)], ["gelu exact", (x) => ops.gelu(x, false)], ["silu", ops.silu], ["softplus", ops.softplus], ["softsign", ops.softsign], ["sigmoid", ops.sigmoid], ["logSigmoid", ops.logSigmoid],
  ["hardSigmoid", ops.hardSigmoid], ["hardSilu", ops.hardSilu], ["hardTanh", ops.hardTanh], ["hardShrink", (x) => ops.hardShrink(x, 0.3)], ["softShrink", (x) => ops.softShrink(x, 0.3)], ["tanhShrink", ops.tanhShrink], ["leakyRelu", (x) => ops.leakyRelu(x)], ["relu", ops.relu], ["relu6", ops.relu6, { scale: 8 }],
  ["sparsePlus", ops.sparsePlus, { scale: 2 }], ["sparseSigmoid", ops.sparseSigmoid, { scale: 2 }], ["squareplus", (x) => ops.squareplus(x)], ["threshold", (x) => ops.threshold(x, 0.1, 2)], ["glu", (x) => ops.glu(x), one(2, 4)], ["sparsemax", (x) => ops.sparsemax(x), one(2, 5)], ["softmax", (x) => ops.softmax(x), one(2, 4)], ["logSoftmax", (x) => ops.logSoftmax(x), one(2, 4)],
  ["moments", (x) => ops.moments(x, 0), one(4, 2)], ["normalize", (x) => ops.normalize(x), one(2, 3)], ["layerNormalization", (x, g, b) => ops.layerNormalization(x, g, b), { shapes: [[2, 4], [4], [4]] }], ["rmsNormalization", (x, g) => ops.rmsNormalization(x, g), two([2, 4], [4])], ["psnr", (x, y) => ops.psnr(x, y, 1), two([4], [4])],
  ["dotProductAttention", (q, k, v) => ops.dotProductAttention(q, k, v, { isCausal: true }), { shapes: [[1, 3, 4, 2], [1, 3, 2, 2], [1, 3, 2, 2]] }], ["ctcLoss", (x) => ops.ctcLoss(labels, x, count, time), one(2, 5, 4)],
  ["maxPool", (x) => ops.maxPool(x, 2), one(1, 4, 2)], ["averagePool", (x) => ops.averagePool(x, 2, 1, "same"), one(1, 4, 2)], ["adaptiveAveragePool", (x) => ops.adaptiveAveragePool(x, 3), one(1, 5, 2)], ["adaptiveMaxPool", (x) => ops.adaptiveMaxPool(x, 3), one(1, 5, 2)],
  ["conv", (x, k) => ops.conv(x, k), two([1, 5, 2], [3, 2, 2])], ["depthwiseConv", (x, k) => ops.depthwiseConv(x, k), two([1, 5, 2], [3, 2, 2])], ["convTranspose", (x, k) => ops.convTranspose(x, k, 2), two([1, 3, 2], [3, 2, 2])],
  ["unfold", (x) => ops.unfold(x, 2, { stride: 1, padding: 1 }), one(1, 2, 3, 3)], ["fold", (x) => ops.fold(x, 3, 2), one(1, 8, 4)], ["depthToSpace", (x) => ops.depthToSpace(x, 2), one(1, 2, 2, 4)], ["spaceToDepth", (x) => ops.spaceToDepth(x, 2), one(1, 4, 2, 1)],
  ["image.resize", (x) => ops.image.resize(x, [3, 5]), one(4, 4, 1)], ["image.rgbToGrayscale", (x) => ops.image.rgbToGrayscale(x), one(2, 2, 3)], ["image.rgbToHsv", (x) => ops.image.rgbToHsv(x), { shapes: [[2, 3, 3]], scale: 0.4, shift: 0.5 }], ["image.hsvToRgb", (x) => ops.image.hsvToRgb(x), { shapes: [[2, 3, 3]], scale: 0.4, shift: 0.5 }],
  ["image.padImages", (x) => ops.image.padImages(x, { topPadding: 1, bottomPadding: 0, leftPadding: 2, targetWidth: 6 }), one(2, 3, 1)], ["image.cropImages", (x) => ops.image.cropImages(x, { topCropping: 1, bottomCropping: 0, leftCropping: 0, targetWidth: 2 }), one(3, 3, 1)],
  ["image.extractPatches", (x) => ops.image.extractPatches(x, 2, { strides: 1, padding: "same" }), one(3, 4, 2)], ["image.mapCoordinates", (x, at) => ops.image.mapCoordinates(x, ops.add(ops.multiply(at, 3), 1), 1, "reflect"), two([4, 5], [2, 6])], ["image.gaussianBlur", (x) => ops.image.gaussianBlur(x), one(4, 4, 2)],
  ["image.sobelEdges", (x) => ops.image.sobelEdges(x), one(1, 3, 4, 1)], ["image.ssim", (x, y) => ops.image.ssim(x, y, { filterSize: 3 }), two([4, 4, 1], [4, 4, 1])], ["image.scaleAndTranslate", (x, s, v) => ops.image.scaleAndTranslate(x, [5, 1], ops.add(s, 2), v, [0], "cubic"), { shapes: [[4, 1], [1], [1]] }],
  ["associativeScan", (x) => ops.associativeScan((a: Tensor, b: Tensor) => ops.multiply(a, b), x), one(5)], ["vectorizedMap", (x) => ops.vectorizedMap((row: Tensor) => ops.prod(row), x), one(3, 2)], ["map", (x) => ops.map((row: Tensor) => ops.sum(ops.sin(row)), x), one(3, 2)],
  ["switch", (x) => ops.switch(1, [(y: Tensor) => y, (y: Tensor) => ops.sin(y), (y: Tensor) => ops.cos(y)], x), one(3)], ["rearrange", (x) => ops.rearrange(x, "a (b c) -> c a b", { b: 2 }), one(2, 4)], ["cast", (x) => flat(x), one(3)],
  ["scatterUpdate", (x, y) => ops.scatterUpdate(x, [[1], [3]], y), two([5], [2])], ["scatter", (x) => ops.scatter(dataTensor(Int32Array.of(1, 1, 0), [3, 1], "int32"), x, [4]), one(3)], ["slice", (x) => ops.slice(x, [1], [2]), one(4)], ["sliceUpdate", (x, y) => ops.sliceUpdate(x, [1], y), two([4], [2])],
];

describe("the gradient agrees with central differences in float64:", () => {
  it.each(cases.map(([name, f, operands]) => ({ name, f, operands })))("$name", ({ f, operands }) => {
    const { shapes = [[7]], scale = 1, shift = 0 } = operands ?? {};
    const inputs = shapes.map((shape, i) => {
      const values = randomNumbers(shape.reduce((product, extent) => product * extent, 1), 3 + i).map((value) => value * scale + shift); // prettier-ignore
      return dataTensor(values, shape, "float64");
    });
    const parameters = inputs.map((input) => parameterTensor(concreteShape(input), input.dtype));
    const graph = new Subgraph(parameters, [f(...parameters)].flat());
    expect(graph.results.some((result) => result.dtype === "float64")).toBe(true);
    expect(checkGradients(graph, evaluate(inputs), 1)).toEqual([]);
  });

  it("of a segment's product with zeros in it", () => {
    const x = parameterTensor([5], "float64");
    const values = evaluate([dataTensor(Float64Array.of(0, 2, 0, 3, 4), [5], "float64")]);
    expect(checkGradients(new Subgraph([x], [ops.segmentProd(x, ids, 3)]), values, 1)).toEqual([]);
  });
});
