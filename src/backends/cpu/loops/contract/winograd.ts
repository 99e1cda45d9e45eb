/**
 * 3x3 convolutions by minimal filtering: tiles of 2x2 results take 16 multiplications for each pair of channels instead of
 * 36. One map transforms the tiles of the image (4x4 values each), one the filter; a contraction for each of the 16 places
 * of a tile multiplies channels; a last map transforms back and runs the epilogue. The gradient of the filter is the same,
 * with the tiles summed by the contraction.
 */
import type { Access, Axis, ContractKernel, Entry, Guard } from "../../../../compiler/kernels/kernel.ts";
import type { ScheduledKernel, Temporary } from "../../../../compiler/target.ts";
import { isShortFloat } from "../../../../dtype/index.ts";
import { compose } from "../../../../compiler/kernels/affine.ts";
import { Expression, KernelBuilder } from "../../../../compiler/kernels/kernel-builder.ts";
import type { Affine } from "../../../../graph/index.ts";
import type { CpuTarget, WinogradUse } from "../../target.ts";
import { extentOf } from "./arrange-axes.ts";
import { stepsConflict } from "./cache-conflict.ts";
import type { Binding } from "./pad-operand.ts";
import { type WinogradForm, winogradForm } from "./winograd-form.ts";
import {
  cotangentLine,
  ExpressionList,
  filterCotangentLine,
  filterLine,
  imageLine,
  type LineTransform,
  resultLine,
  transformBoth,
} from "./winograd-matrices.ts";

/** Results of a tile along an axis. */
const tileExtent = 2;
/** Values of the image in a tile along an axis. */
const tileReach = 4;
const places = tileReach * tileReach;
/** Elements of a cache line. */
const lineElements = 16;

/** An operand that is written in panels: how a scheduled contraction reads it. */
export interface Panels {
  readonly access: Access;
  readonly elements: number;
  readonly panelStride: number;
}

/** A transformed array: a plane for each place of a tile. */
interface Layout {
  readonly id: number;
  /** Axes of a plane, outermost first: an axis of the original, or its panels, or the places in a panel. */
  readonly parts: readonly Part[];
  /** Elements from one plane to the next. */
  readonly planeStride: number;
  /** Elements from one row (of the innermost axes) to the next. */
  readonly rowStride: number;
}

/** An axis of a plane: position `axis` of the original is the sum of positions times `unit` over its parts. */
interface Part {
  readonly axis: number;
  readonly extent: number;
  readonly unit: number;
  readonly stride: number;
}

/**
 * The convolution as minimal filtering; null where it is none (see `winogradForm`), or (but for "always") where it takes too
 * much memory or would hardly be faster.
 */
export function winograd(bound: Binding, target: CpuTarget, use: WinogradUse): Winograd | null {
  const form = winogradForm(bound.kernel);
  if (form === null || use === "never") return null;
  if (use !== "always" && !pays(bound.kernel, form, target)) return null;
  const rewritten = new Winograd(bound, form, target);
  const bytes = rewritten.temporaries.reduce((sum, { elements }) => sum + elements * 4, 0);
  const isShort = [bound.kernel.lhs, bound.kernel.rhs].some((a) =>
    isShortFloat(bound.kernel.buffers[bound.kernel.accesses[a]!.buffer]!.dtype),
  );
  return use === "always" || bytes <= (isShort ? mostBytesOfShort : mostBytes) ? rewritten : null;
}

/** Most bytes that the transformed arrays of one convolution may take: beyond, it is computed directly. */
const mostBytes = 2 ** 28;
/** The same where operands have two bytes an element: the transformed arrays are float32, and memory is what those are for. */
const mostBytesOfShort = 2 ** 25;

/**
 * Nanoseconds of one element of a transformed array, written and read. Measured on Zen 4 (AVX-512, one thread): 0.36 for
 * 64 channels at 56x56 and batch 8, where the arrays do not fit into caches, 0.2 to 0.4 where they do.
 */
const elementNanoseconds = 0.4;
/** Share of the direct form's time that is aimed at; above, the saving is not worth the memory. */
const mostShare = 0.9;

/** Whether the transforms cost less than the multiplications that they save. */
function pays(kernel: ContractKernel, { windows, images, channels, columns }: WinogradForm, target: CpuTarget): boolean {
  const [inputs, outputs] = [extentOf(kernel, channels), extentOf(kernel, columns)];
  const perImage = windows.map(({ place }) => kernel.axes[place]!.extent);
  const count = extentOf(kernel, images);
  const direct = count * perImage[0]! * perImage[1]! * 9 * inputs * outputs;
  const tiles = count * Math.ceil(perImage[0]! / tileExtent) * Math.ceil(perImage[1]! / tileExtent);
  const products = tiles * places * inputs * outputs;
  const elements = places * (tiles * (inputs + outputs) + inputs * outputs);
  // Multiply-adds a nanosecond, as in the schedule of contractions.
  const rate = target.lanes * 4;
  return products / rate + elements * elementNanoseconds <= (direct / rate) * mostShare;
}

/** A convolution being rewritten: the contraction that remains, and the maps around it. Ids of temporaries are -1 - position. */
export class Winograd {
  readonly #bound: Binding;
  readonly #kernel: ContractKernel;
  readonly #form: WinogradForm;
  readonly #target: CpuTarget;
  readonly #image: Layout;
  #other: Layout;
  readonly #product: Layout;

  constructor(bound: Binding, form: WinogradForm, target: CpuTarget) {
    this.#bound = bound;
    this.#kernel = bound.kernel;
    this.#form = form;
    this.#target = target;
    const { pass, images, channels, columns, windows } = form;
    const tiles = [...images, ...windows.map(({ place }) => place)];
    this.#image = this.#layout(-1, tiles, channels);
    this.#other = this.#layout(-2, pass === "image" ? channels : tiles, columns);
    this.#product = this.#layout(-3, pass === "image" ? tiles : channels, columns);
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
    const extent = this.#extent(column!);
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
      this.#operand("lhs", this.#image, imageLine, "image"),
      isImage ? this.#operand("rhs", this.#other, filterLine, "filter") : this.#operand("rhs", this.#other, cotangentLine, "cotangent"),
    ];
  }

  /** Extent of an axis of the original, in tiles where it is one of places. */
  #extent(axis: number): number {
    const { extent } = this.#kernel.axes[axis]!;
    return this.#form.windows.some(({ place }) => place === axis) ? Math.ceil(extent / tileExtent) : extent;
  }

  /** An array `[place of tile, outer..., inner...]` whose rows do not meet in the first cache. */
  #layout(id: number, outer: readonly number[], inner: readonly number[]): Layout {
    const parts: Part[] = [];
    let elements = 1;
    let rowStride = 1;
    [...outer, ...inner].reverse().forEach((axis, i) => {
      const extent = this.#extent(axis);
      parts.unshift({ axis, extent, unit: 1, stride: elements });
      elements *= extent;
      if (i !== inner.length - 1) return;
      if (stepsConflict(elements, this.#target)) elements += lineElements;
      rowStride = elements;
    });
    return { id, parts, planeStride: spread(elements), rowStride };
  }

  #buffer(layout: Layout): { readonly id: number; readonly dtype: "float32"; readonly elements: number } {
    return { id: layout.id, dtype: "float32", elements: elementsOf(layout) };
  }

  /** Index of place [row, column] of the tiles in a transformed array, over its parts. */
  #planeIndex({ planeStride, parts }: Layout, row: number, column: number): Affine {
    return { constant: (row * tileReach + column) * planeStride, coefficients: parts.map(({ stride }) => stride) };
  }

  /** Position on an axis of the original, over the parts of an array, `step` positions of the original for one of the parts'. */
  #along(parts: readonly Part[], axis: number, step: number, constant: number): Affine {
    return { constant, coefficients: parts.map((part) => (part.axis === axis ? part.unit * step : 0)) };
  }

  /**
   * What the axes of the original are at a place of a tile, over the parts of an array: `offsets` from the tile's first
   * place, or (`ofWindow`) the place of the window.
   */
  #at(parts: readonly Part[], offsets: readonly [number, number], ofWindow: boolean): Affine[] {
    return this.#kernel.axes.map((_, axis): Affine => {
      const spatial = this.#form.windows.findIndex(({ place, window }) => place === axis || window === axis);
      if (spatial < 0) return this.#along(parts, axis, 1, 0);
      const isPlace = this.#form.windows[spatial]!.place === axis;
      return this.#along(parts, axis, isPlace ? tileExtent : 0, isPlace === ofWindow ? 0 : offsets[spatial]!);
    });
  }

  /** Guards of the last, ragged tiles: of places (`reach` 0), or of what windows of 1 + `reach` there see. */
  #ragged(parts: readonly Part[], offsets: readonly [number, number], reach: number): Guard[] {
    return this.#form.windows.flatMap(({ place }, spatial): Guard[] => {
      const { extent } = this.#kernel.axes[place]!;
      if (extent % tileExtent === 0 || parts.every(({ axis }) => axis !== place)) return [];
      return [{ index: this.#along(parts, place, tileExtent, offsets[spatial]!), limit: extent + reach }];
    });
  }

  /** The kernel that transforms an operand. */
  #operand(side: "lhs" | "rhs", layout: Layout, line: LineTransform, name: string): ScheduledKernel {
    const access = this.#kernel.accesses[this.#kernel[side]]!;
    const { parts } = layout;
    const rank = parts.length;
    const ofWindow = line === filterLine || line === imageLine;
    const size = line === filterLine ? 3 : line === imageLine ? tileReach : tileExtent;
    const reach = line === imageLine ? 2 : 0;
    const builder = new KernelBuilder(rank);
    const expression = new Expression();
    const buffer = { ...this.#kernel.buffers[access.buffer]!, id: this.#bound.buffers[access.buffer]! };
    const values = range(size).map((row) =>
      range(size).map((column) => {
        const at = this.#at(parts, [row, column], ofWindow);
        const guards = [...this.#guards(access, at, rank), ...this.#ragged(parts, [row, column], reach)];
        return expression.add({
          op: "load",
          access: builder.access(buffer, "read", compose(access.index, at, rank), guards),
          dtype: "float32",
        });
      }),
    );
    const transformed = transformBoth(new ExpressionList(expression), line, values);
    const stores = transformed.flatMap((list, row) =>
      list.map((value, column) => ({
        value,
        access: builder.access(this.#buffer(layout), "write", this.#planeIndex(layout, row, column)),
      })),
    );
    return builder.bound({
      kind: "map",
      label: `${this.#kernel.label}/${name} tiles`,
      axes: axesOfParts(parts),
      buffers: builder.kernelBuffers(),
      accesses: builder.accesses,
      scalars: [],
      expression: expression.entries,
      stores,
    });
  }

  #guards(access: Access, at: readonly Affine[], rank: number): Guard[] {
    return access.guards.map(({ index, limit }) => ({ index: compose(index, at, rank), limit }));
  }

  /** The contraction over channels (or tiles), one for each place of a tile. */
  contraction(): Binding {
    const { pass, images, channels, columns, windows } = this.#form;
    const tiles = [...images, ...windows.map(({ place }) => place)];
    const [m, k] = pass === "image" ? [tiles, channels] : [channels, tiles];
    const order = [...m, ...columns, ...k];
    const layouts = [this.#image, this.#other, this.#product];
    const access = ({ planeStride, parts }: Layout, buffer: number): Access => ({
      buffer,
      index: { constant: 0, coefficients: [planeStride, ...order.map((axis) => parts.find((part) => part.axis === axis)?.stride ?? 0)] },
      guards: [],
      fill: 0,
      dynamic: [],
    });
    const axes = order.map((axis): Axis => ({
      extent: this.#extent(axis),
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

  /** The kernel that transforms products back, runs the epilogue and stores. */
  after(): ScheduledKernel {
    const kernel = this.#kernel;
    const product = this.#product;
    const { parts } = product;
    const rank = parts.length;
    const isFilter = this.#form.pass === "filter";
    const builder = new KernelBuilder(rank);
    const expression = new Expression();
    const products = range(tileReach).map((row) =>
      range(tileReach).map((column) =>
        expression.add({
          op: "load",
          access: builder.access(this.#buffer(product), "read", this.#planeIndex(product, row, column)),
          dtype: "float32",
        }),
      ),
    );
    const results = transformBoth(new ExpressionList(expression), isFilter ? filterCotangentLine : resultLine, products);
    const moved = (position: number, at: readonly Affine[], extra: readonly Guard[], isStore: boolean): number => {
      const access = kernel.accesses[position]!;
      const { use, ...buffer } = kernel.buffers[access.buffer]!;
      const kind = !isStore ? "read" : use === "readwrite" ? "update" : "write";
      const guards = [...this.#guards(access, at, rank), ...extra];
      return builder.access(
        { ...buffer, id: this.#bound.buffers[access.buffer]! },
        kind,
        compose(access.index, at, rank),
        guards,
        access.fill,
      );
    };
    const stores = results.flatMap((list, row) =>
      list.flatMap((result, column) => {
        const at = this.#at(parts, [row, column], isFilter);
        const extra = isFilter ? [] : this.#ragged(parts, [row, column], 0);
        const values: number[] = [];
        for (const entry of kernel.epilogue) {
          values.push(
            entry.op === "accumulator"
              ? result
              : expression.add(this.#entry(entry, values, builder, at, (access) => moved(access, at, extra, false))),
          );
        }
        return kernel.stores.map((store) => ({ value: values[store.value]!, access: moved(store.access, at, extra, true) }));
      }),
    );
    return builder.bound({
      kind: "map",
      label: `${kernel.label}/results of tiles`,
      axes: axesOfParts(parts),
      buffers: builder.kernelBuffers(),
      accesses: builder.accesses,
      scalars: builder.scalarTypes,
      expression: expression.entries,
      stores,
    });
  }

  #entry(
    entry: Entry,
    values: readonly number[],
    builder: KernelBuilder,
    at: readonly Affine[],
    access: (position: number) => number,
  ): Entry {
    switch (entry.op) {
      case "load":
        return { ...entry, access: access(entry.access) };
      case "position":
        return { ...entry, index: compose(entry.index, at, builder.rank) };
      case "parameter":
        return { ...entry, slot: builder.scalar(this.#bound.scalars[entry.slot]!, entry.dtype) };
      case "scalar":
      case "threefry":
        return { ...entry, args: entry.args.map((arg) => values[arg]!) };
      default:
        return entry;
    }
  }
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function axesOfParts(parts: readonly Part[]): Axis[] {
  return parts.map(({ extent }) => ({ extent, role: "parallel", dynamic: false }));
}

function elementsOf({ parts, planeStride }: Layout): number {
  return places * planeStride - planeStride + parts.reduce((last, { extent, stride }) => last + (extent - 1) * stride, 1);
}

/** A distance of at least `elements` at which 16 streams meet in no set of the first cache. */
function spread(elements: number): number {
  return Math.ceil((elements - 64) / 1024) * 1024 + 64;
}
