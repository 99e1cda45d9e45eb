/** Linear algebra (`keras.ops.linalg`). */
export { norm, type NormOptions } from "./norm.ts";
