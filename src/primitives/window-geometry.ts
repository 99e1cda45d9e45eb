/** Geometry of sliding windows: checks, extents, and walks for the reference meaning. */
import { ShapeError, ValueError } from "../errors.ts";
import { type Attributes, type ConcreteShape, formatShape, stridesOf, type TensorType, type WindowGeometry } from "../graph/index.ts";
import { whereOf } from "./define.ts";
import { windowCount } from "./conv-geometry.ts";

/** The window geometry among the attributes of a primitive. */
export function geometryOf(attributes: Attributes): WindowGeometry {
  const { window, strides, padding } = attributes as WindowGeometry & Attributes;
  return { window, strides, padding };
}

/** Geometry as attributes of a node. */
export function geometryAttributes({ window, strides, padding }: WindowGeometry): {
  window: readonly number[];
  strides: readonly number[];
  padding: readonly (readonly [number, number])[];
} {
  return { window, strides, padding };
}

/**
 * Shape of the array of windows over an array of `shape`. Throws ValueError unless the geometry has one entry per axis,
 * positive windows and strides, and whole padding.
 */
export function windowsShape(name: string, shape: ConcreteShape, geometry: WindowGeometry): ConcreteShape {
  const { window, strides, padding } = geometry;
  for (const [what, list] of [
    ["window extents", window],
    ["strides", strides],
    ["paddings", padding],
  ] as const) {
    if (list.length !== shape.length) {
      throw new ValueError({
        where: whereOf(name),
        problem: `there are too ${list.length < shape.length ? "few" : "many"} ${what}`,
        expected: `${shape.length}, one per axis of ${formatShape(shape)}`,
        received: String(list.length),
        advice: "give 1, 1 and [0, 0] for axes along which the window does not slide",
      });
    }
  }
  if (
    [...window, ...strides].some((value) => !Number.isInteger(value) || value < 1) ||
    padding.flat().some((value) => !Number.isInteger(value))
  ) {
    throw new ValueError({
      where: whereOf(name),
      problem: "the window has an extent, stride or padding that is no size",
      expected: "windows and strides from 1, whole padding",
      received: `window ${formatShape(window)}, strides ${formatShape(strides)}, padding ${JSON.stringify(padding)}`,
      advice: "check the pooling layer's pool size, strides and padding",
    });
  }
  return shape.map((extent, axis) => windowCount(extent + padding[axis]![0] + padding[axis]![1], window[axis]!, strides[axis]!));
}

/** Throws ShapeError if some window would see padding only: it has no maximum. */
export function expectFilledWindows(name: string, type: TensorType, geometry: WindowGeometry, windows: ConcreteShape): void {
  if (windows.includes(0)) return;
  type.shape.forEach((extent, axis) => {
    const low = geometry.padding[axis]![0];
    const window = geometry.window[axis]!;
    const stride = geometry.strides[axis]!;
    const last = (windows[axis]! - 1) * stride - low;
    if (window - low > 0 && last < extent && extent > 0) return;
    throw new ShapeError({
      where: whereOf(name),
      problem: `a window along axis ${axis} sees padding only and has no maximum`,
      expected: "padding smaller than the window, and windows that start inside the array",
      received: `shape ${formatShape(type.shape)}, window ${window}, stride ${stride}, padding [${geometry.padding[axis]!.join(", ")}]`,
      advice: "reduce the padding or the pool size",
    });
  });
}

/**
 * Calls `visit(outAt, places)` for each window in row-major order: `places[p]` is the flat position in the array of the
 * window's element p (row-major inside the window), or -1 where it lies in the padding. `places` is reused.
 */
export function eachWindow(
  shape: ConcreteShape,
  windows: ConcreteShape,
  geometry: WindowGeometry,
  visit: (outAt: number, places: Int32Array) => void,
): void {
  const { window, strides, padding } = geometry;
  const steps = stridesOf(shape);
  const places = new Int32Array(window.reduce((product, extent) => product * extent, 1));
  let outAt = 0;
  let filledTo = 0;
  const place = new Array<number>(shape.length).fill(0);
  const collect = (axis: number, at: number): void => {
    if (axis === shape.length) {
      places[filledTo++] = at;
      return;
    }
    const start = place[axis]! * strides[axis]! - padding[axis]![0];
    for (let w = 0; w < window[axis]!; w++) {
      const inside = at >= 0 && start + w >= 0 && start + w < shape[axis]!;
      collect(axis + 1, inside ? at + (start + w) * steps[axis]! : -1);
    }
  };
  const slide = (axis: number): void => {
    if (axis === shape.length) {
      filledTo = 0;
      collect(0, 0);
      visit(outAt++, places);
      return;
    }
    for (let i = 0; i < windows[axis]!; i++) {
      place[axis] = i;
      slide(axis + 1);
    }
  };
  slide(0);
}
