/** Operations on images (`keras.ops.image`). */
export { type Interpolation, resize, type ResizeOptions } from "./resize.ts";
