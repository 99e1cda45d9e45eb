/** Linear algebra (`keras.ops.linalg`). */
export { cholesky, choleskyInverse, logdet } from "./cholesky.ts";
export { eig } from "./eig.ts";
export { eigh } from "./eigh.ts";
export { jvp, type JvpOptions } from "./jvp.ts";
export { lstsq, matrixRank, pinv } from "./least-squares.ts";
export { det, inv, luFactor, matrixPower, slogdet, solve } from "./lu.ts";
export { norm, type NormOptions, type NormOrder } from "./norm.ts";
export { qr, type QrMode } from "./qr.ts";
export { solveTriangular } from "./solve-triangular.ts";
export { svd, type SvdOptions } from "./svd.ts";
