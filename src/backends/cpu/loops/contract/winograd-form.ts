/** Which contractions are convolutions with 3x3 windows that Winograd's minimal filtering shortens, and their axes. */
import type { Access, ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import { widened } from "../../../../dtype/index.ts";
import { axesOf } from "./arrange-axes.ts";

/** One spatial axis: a window of 3 places moved over places of the other operand, one by one. */
export interface WindowAxis {
  /** Axis of the places (outputs of the convolution). */
  readonly place: number;
  /** Axis of the window, of extent 3. */
  readonly window: number;
}

/** The axes of a 3x3 convolution (or, where the places are summed, of its filter gradient). */
export interface WinogradForm {
  /** filter: the places are summed, and the window is the result. */
  readonly pass: "image" | "filter";
  readonly windows: readonly [WindowAxis, WindowAxis];
  /** Axes of the images: they have the role of the places. */
  readonly images: readonly number[];
  /** Axes of lhs beside images and places (input channels). */
  readonly channels: readonly number[];
  /** Axes of rhs and the result alone (output channels). */
  readonly columns: readonly number[];
}

/** Extent of the windows. */
const windowExtent = 3;

/** The form of a contraction of full rank; null where it is no such convolution or its channels do not lie last. */
export function winogradForm(kernel: ContractKernel): WinogradForm | null {
  const [lhs, rhs] = [kernel.accesses[kernel.lhs]!, kernel.accesses[kernel.rhs]!];
  if (axesOf(kernel, "batch").some((axis) => kernel.axes[axis]!.extent !== 1) || kernel.axes.some((axis) => axis.extent === 0)) return null;
  if (![lhs, rhs].every((access) => isPlain(kernel, access))) return null;
  const found: { pair: WindowAxis; pass: WinogradForm["pass"] }[] = [];
  kernel.axes.forEach(({ extent }, window) => {
    const role = kernel.roles[window]!;
    const step = lhs.index.coefficients[window]!;
    if (extent !== windowExtent || role === "n" || step === 0) return;
    const other = role === "k" ? "m" : "k";
    const place = axesOf(kernel, other).find((axis) => lhs.index.coefficients[axis] === step);
    if (place !== undefined) found.push({ pair: { place, window }, pass: role === "k" ? "image" : "filter" });
  });
  const [first, second] = found;
  if (first === undefined || second === undefined || found.length > 2 || first.pass !== second.pass) return null;
  const windows = [first.pair, second.pair] as const;
  if (first.pair.place === second.pair.place) return null;
  const { pass } = first;
  const taken = windows.flatMap(({ place, window }) => [place, window]);
  const rest = (role: "m" | "k"): number[] => axesOf(kernel, role).filter((axis) => !taken.includes(axis));
  const form: WinogradForm = {
    pass,
    windows,
    images: rest(pass === "image" ? "m" : "k"),
    channels: rest(pass === "image" ? "k" : "m"),
    columns: axesOf(kernel, "n"),
  };
  return isWalked(kernel, form) ? form : null;
}

function isPlain(kernel: ContractKernel, access: Access): boolean {
  return access.dynamic.length === 0 && access.fill === 0 && widened(kernel.buffers[access.buffer]!.dtype) === "float32";
}

/** Whether each operand moves along just the axes that a convolution's does, its channels lying last. */
function isWalked(kernel: ContractKernel, { pass, windows, images, channels, columns }: WinogradForm): boolean {
  const [lhs, rhs] = [kernel.accesses[kernel.lhs]!, kernel.accesses[kernel.rhs]!];
  const moves = (access: Access, axis: number): boolean => access.index.coefficients[axis] !== 0;
  const stays = (access: Access, axis: number): boolean =>
    access.index.coefficients[axis] === 0 && access.guards.every((guard) => guard.index.coefficients[axis] === 0);
  const [places, taps] = [windows.map(({ place }) => place), windows.map(({ window }) => window)];
  const [moving, still] =
    pass === "image"
      ? [
          [...taps, ...channels],
          [...places, ...images],
        ]
      : [
          [...places, ...images],
          [...taps, ...channels],
        ];
  const store = kernel.accesses[kernel.stores[0]!.access]!.index.coefficients;
  return (
    channels.length > 0 &&
    columns.length > 0 &&
    [...images, ...channels].every((axis) => moves(lhs, axis)) &&
    columns.every((axis) => stays(lhs, axis) && moves(rhs, axis)) &&
    moving.every((axis) => moves(rhs, axis)) &&
    still.every((axis) => stays(rhs, axis)) &&
    // Padding depends on where a window's place meets the image, not on the two apart.
    windows.every(({ place, window }) => lhs.guards.every(({ index }) => index.coefficients[place] === index.coefficients[window])) &&
    channels.some((axis) => lhs.index.coefficients[axis] === 1) &&
    columns.some((axis) => store[axis] === 1) &&
    kernel.accesses.every((access) => access.dynamic.length === 0)
  );
}
