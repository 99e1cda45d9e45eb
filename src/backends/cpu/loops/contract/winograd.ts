/**
 * 3x3 convolutions by minimal filtering: tiles of 2x2 results take 16 multiplications for each pair of channels instead of
 * 36. One map transforms the tiles of the image (4x4 values each), one the filter; a contraction for each of the 16 places
 * of a tile multiplies channels; a last map transforms back and runs the epilogue. The gradient of the filter is the same,
 * with the tiles summed by the contraction.
 */
import type { Access, Axis, ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { ScheduledKernel, Temporary } from "../../../../compiler/target.ts";
import type { CpuTarget } from "../../target.ts";
import type { Binding } from "./pad-operand.ts";
import { elementsOf, type Part, places, spread, TileMaps, type TransformedArray } from "./tile-maps.ts";
import type { WinogradForm } from "./winograd-form.ts";
import { cotangentLine, filterLine, imageLine } from "./winograd-matrices.ts";

/** An operand that is written in panels: how a scheduled contraction reads it. */
export interface Panels {
  readonly access: Access;
  readonly elements: number;
  readonly panelStride: number;
}

/** A convolution being rewritten: the contraction that remains, and the maps around it. Ids of temporaries are -1 - position. */
export class Winograd {
  readonly #kernel: ContractKernel;
  readonly #form: WinogradForm;
  readonly #maps: TileMaps;
  readonly #image: TransformedArray;
  #other: TransformedArray;
  readonly #product: TransformedArray;

  constructor(bound: Binding, form: WinogradForm, target: CpuTarget) {
    this.#kernel = bound.kernel;
    this.#form = form;
    this.#maps = new TileMaps(bound, form, target);
    const { pass, images, channels, columns, windows } = form;
    const tiles = [...images, ...windows.map(({ place }) => place)];
    this.#image = this.#maps.layout(-1, tiles, channels);
    this.#other = this.#maps.layout(-2, pass === "image" ? channels : tiles, columns);
    this.#product = this.#maps.layout(-3, pass === "image" ? tiles : channels, columns);
  }

  /** Buffers of the three transformed arrays, the first temporaries. */
  get temporaries(): readonly Temporary[] {
    return [this.#image, this.#other, this.#product].map((layout) => ({ dtype: "float32", elements: elementsOf(layout) }));
  }

  /**
   * Lets the second operand be written in panels of `width` columns, as a contraction reads it: its access there, for the
   * scheduled form of `contraction`; null where columns do not fill panels.
   */
  panels(kernel: ContractKernel, lanesAxis: number, width: number): Panels | null {
    const { columns } = this.#form;
    const [column] = columns;
    const extent = this.#maps.extent(column!);
    if (columns.length !== 1 || extent % width !== 0 || kernel.axes[lanesAxis]!.extent !== extent) return null;
    const before = this.#other;
    const rows = before.parts.slice(0, -1).map((part): Part => ({ ...part, stride: (part.stride / before.rowStride) * width }));
    const panelStride = rows.reduce((product, part) => product * part.extent, width);
    const parts: Part[] = [
      { axis: column!, extent: extent / width, unit: width, stride: panelStride },
      ...rows,
      { axis: column!, extent: width, unit: 1, stride: 1 },
    ];
    this.#other = { ...before, parts, planeStride: spread((extent / width) * panelStride), rowStride: width };
    const { index, ...access } = kernel.accesses[kernel.rhs]!;
    const coefficients = index.coefficients.map((c, axis) => {
      if (axis === lanesAxis) return 1;
      return kernel.roles[axis] === "batch" ? (c / before.planeStride) * this.#other.planeStride : (c / before.rowStride) * width;
    });
    return { access: { ...access, index: { constant: index.constant, coefficients } }, elements: elementsOf(this.#other), panelStride };
  }

  /** The kernels that transform the operands, once the layout of the second is settled. */
  before(): ScheduledKernel[] {
    const isImage = this.#form.pass === "image";
    return [
      this.#maps.operand("lhs", this.#image, imageLine, "image"),
      isImage
        ? this.#maps.operand("rhs", this.#other, filterLine, "filter")
        : this.#maps.operand("rhs", this.#other, cotangentLine, "cotangent"),
    ];
  }

  /** The kernel that transforms products back, runs the epilogue and stores. */
  after(): ScheduledKernel {
    return this.#maps.results(this.#product);
  }

  /** The contraction over channels (or tiles), one for each place of a tile. */
  contraction(): Binding {
    const { pass, images, channels, columns, windows } = this.#form;
    const tiles = [...images, ...windows.map(({ place }) => place)];
    const [m, k] = pass === "image" ? [tiles, channels] : [channels, tiles];
    const order = [...m, ...columns, ...k];
    const layouts = [this.#image, this.#other, this.#product];
    const access = ({ planeStride, parts }: TransformedArray, buffer: number): Access => ({
      buffer,
      index: { constant: 0, coefficients: [planeStride, ...order.map((axis) => parts.find((part) => part.axis === axis)?.stride ?? 0)] },
      guards: [],
      fill: 0,
      dynamic: [],
    });
    const axes = order.map((axis): Axis => ({
      extent: this.#maps.extent(axis),
      role: k.includes(axis) ? "reduce" : "parallel",
      dynamic: false,
    }));
    const kernel: ContractKernel = {
      kind: "contract",
      label: `${this.#kernel.label}/products of tiles`,
      axes: [{ extent: places, role: "parallel", dynamic: false }, ...axes],
      roles: ["batch", ...m.map(() => "m" as const), ...columns.map(() => "n" as const), ...k.map(() => "k" as const)],
      buffers: layouts.map((layout, i) => ({ dtype: "float32", use: i === 2 ? "write" : "read", elements: elementsOf(layout) })),
      accesses: layouts.map(access),
      scalars: [],
      lhs: 0,
      rhs: 1,
      epilogue: [{ op: "accumulator", index: 0, dtype: "float32" }],
      stores: [{ access: 2, value: 0 }],
    };
    return { kernel, buffers: layouts.map(({ id }) => id), scalars: [] };
  }
}
