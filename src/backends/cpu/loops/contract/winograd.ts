/**
 * 3x3 convolutions by minimal filtering: tiles of 2x2 results take 16 multiplications for each pair of channels instead of
 * 36. One map transforms the tiles of the image (4x4 values each), one the filter; a contraction for each of the 16 places
 * of a tile multiplies channels; a last map transforms back and runs the epilogue. The gradient of the filter is the same,
 * with the tiles summed by the contraction.
 */
import type { Access, Axis, ContractKernel, Entry, Guard } from "../../../../compiler/kernels/kernel.ts";
import type { ScheduledKernel, Temporary } from "../../../../compiler/target.ts";
import { affineAxis, affineConstant, compose } from "../../../../compiler/kernels/affine.ts";
import { Expression, KernelBuilder } from "../../../../compiler/kernels/kernel-builder.ts";
import type { Affine } from "../../../../graph/index.ts";
import { extentOf } from "./arrange-axes.ts";
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

/** The kernels around the contraction that remains. Ids of temporaries are -1 - position in `temporaries`. */
export interface Winograd {
  readonly before: readonly ScheduledKernel[];
  readonly contraction: Binding;
  readonly after: ScheduledKernel;
  readonly temporaries: readonly Temporary[];
}

/** Results of a tile along an axis. */
const tileExtent = 2;
/** Values of the image in a tile along an axis. */
const tileReach = 4;
const places = tileReach * tileReach;

/** Axes of a transformed array, outermost first; `place` of a tile is before all of them. */
interface Layout {
  readonly id: number;
  readonly strides: ReadonlyMap<number, number>;
  /** Elements from one place of tiles to the next. */
  readonly planeStride: number;
}

/** The convolution as minimal filtering, whatever it costs; null where it is none (see `winogradForm`). */
export function winograd(bound: Binding, from: number): Winograd | null {
  const form = winogradForm(bound.kernel);
  if (form === null) return null;
  const few = (axes: readonly number[]): boolean => extentOf(bound.kernel, axes) < from;
  if (few(form.channels) || few(form.columns)) return null;
  return new Rewriting(bound, form).run();
}

class Rewriting {
  readonly #bound: Binding;
  readonly #kernel: ContractKernel;
  readonly #form: WinogradForm;
  readonly #temporaries: Temporary[] = [];

  constructor(bound: Binding, form: WinogradForm) {
    this.#bound = bound;
    this.#kernel = bound.kernel;
    this.#form = form;
  }

  run(): Winograd {
    const { pass, images, channels, columns, windows } = this.#form;
    const tiles = windows.map(({ place }) => place);
    const image = this.#layout([...images, ...tiles], channels);
    const other = pass === "image" ? this.#layout(channels, columns) : this.#layout([...images, ...tiles], columns);
    const product = pass === "image" ? this.#layout([...images, ...tiles], columns) : this.#layout(channels, columns);
    const before = [
      this.#operand("lhs", image, imageLine, "image"),
      pass === "image" ? this.#operand("rhs", other, filterLine, "filter") : this.#operand("rhs", other, cotangentLine, "cotangent"),
    ];
    return { before, contraction: this.#contraction(image, other, product), after: this.#results(product), temporaries: this.#temporaries };
  }

  /** Extent of an axis of the original, in tiles where it is one of places. */
  #extent(axis: number): number {
    const { extent } = this.#kernel.axes[axis]!;
    return this.#form.windows.some(({ place }) => place === axis) ? Math.ceil(extent / tileExtent) : extent;
  }

  /** A new array `[place of tile, outer..., inner...]`. */
  #layout(outer: readonly number[], inner: readonly number[]): Layout {
    const strides = new Map<number, number>();
    let elements = 1;
    for (const axis of [...inner].reverse().concat([...outer].reverse())) {
      strides.set(axis, elements);
      elements *= this.#extent(axis);
    }
    const planeStride = spread(elements);
    const id = -1 - this.#temporaries.length;
    this.#temporaries.push({ dtype: "float32", elements: (places - 1) * planeStride + elements });
    return { id, strides, planeStride };
  }

  #buffer(layout: Layout): { readonly id: number; readonly dtype: "float32"; readonly elements: number } {
    return { id: layout.id, dtype: "float32", elements: this.#temporaries[-1 - layout.id]!.elements };
  }

  #axes(order: readonly number[]): Axis[] {
    return order.map((axis) => ({ extent: this.#extent(axis), role: "parallel", dynamic: false }));
  }

  /** Index of place [row, column] of the tiles in a transformed array. */
  #planeIndex(layout: Layout, order: readonly number[], row: number, column: number): Affine {
    return {
      constant: (row * tileReach + column) * layout.planeStride,
      coefficients: order.map((axis) => layout.strides.get(axis) ?? 0),
    };
  }

  /**
   * What axes of the original are at a place of a tile, over the axes `order`: `row` and `column` are the offset from the
   * tile's first place, or (`ofWindow`) the place of the window.
   */
  #at(order: readonly number[], offsets: readonly [number, number], ofWindow: boolean): Affine[] {
    const rank = order.length;
    return this.#kernel.axes.map((_, axis): Affine => {
      const position = order.indexOf(axis);
      const spatial = this.#form.windows.findIndex(({ place, window }) => place === axis || window === axis);
      if (spatial < 0) return position < 0 ? affineConstant(rank) : affineAxis(rank, position);
      const { place } = this.#form.windows[spatial]!;
      const isPlace = place === axis;
      const offset = isPlace === ofWindow ? 0 : offsets[spatial]!;
      if (!isPlace || position < 0) return affineConstant(rank, offset);
      return { constant: offset, coefficients: order.map((_, i) => (i === position ? tileExtent : 0)) };
    });
  }

  /** Guards of the last, ragged tiles: of places (`reach` 0), or of what windows of 1 + `reach` there see. */
  #ragged(order: readonly number[], offsets: readonly [number, number], reach: number): Guard[] {
    return this.#form.windows.flatMap(({ place }, spatial): Guard[] => {
      const { extent } = this.#kernel.axes[place]!;
      const position = order.indexOf(place);
      if (extent % tileExtent === 0 || position < 0) return [];
      const index = { constant: offsets[spatial]!, coefficients: order.map((_, i) => (i === position ? tileExtent : 0)) };
      return [{ index, limit: extent + reach }];
    });
  }

  /** The kernel that transforms an operand. */
  #operand(side: "lhs" | "rhs", layout: Layout, line: LineTransform, name: string): ScheduledKernel {
    const access = this.#kernel.accesses[this.#kernel[side]]!;
    const order = [...layout.strides.keys()].reverse();
    const ofWindow = line === filterLine || line === imageLine;
    const size = line === filterLine ? 3 : line === imageLine ? tileReach : tileExtent;
    const reach = line === imageLine ? 2 : 0;
    const builder = new KernelBuilder(order.length);
    const expression = new Expression();
    const buffer = { ...this.#kernel.buffers[access.buffer]!, id: this.#bound.buffers[access.buffer]! };
    const values = range(size).map((row) =>
      range(size).map((column) => {
        const at = this.#at(order, [row, column], ofWindow);
        const guards = [...this.#guards(access, at, order.length), ...this.#ragged(order, [row, column], reach)];
        return expression.add({
          op: "load",
          access: builder.access(buffer, "read", compose(access.index, at, order.length), guards),
          dtype: "float32",
        });
      }),
    );
    const transformed = transformBoth(new ExpressionList(expression), line, values);
    const stores = transformed.flatMap((list, row) =>
      list.map((value, column) => ({
        value,
        access: builder.access(this.#buffer(layout), "write", this.#planeIndex(layout, order, row, column)),
      })),
    );
    return builder.bound({
      kind: "map",
      label: `${this.#kernel.label}/${name} tiles`,
      axes: this.#axes(order),
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
  #contraction(image: Layout, other: Layout, product: Layout): Binding {
    const { pass, images, channels, columns, windows } = this.#form;
    const tiles = [...images, ...windows.map(({ place }) => place)];
    const [m, k] = pass === "image" ? [tiles, channels] : [channels, tiles];
    const order = [...m, ...columns, ...k];
    const access = (layout: Layout, buffer: number): Access => ({
      buffer,
      index: { constant: 0, coefficients: [layout.planeStride, ...order.map((axis) => layout.strides.get(axis) ?? 0)] },
      guards: [],
      fill: 0,
      dynamic: [],
    });
    const axes = order.map((axis): Axis => ({ extent: this.#extent(axis), role: k.includes(axis) ? "reduce" : "parallel", dynamic: false }));
    const kernel: ContractKernel = {
      kind: "contract",
      label: `${this.#kernel.label}/products of tiles`,
      axes: [{ extent: places, role: "parallel", dynamic: false }, ...axes],
      roles: ["batch", ...m.map(() => "m" as const), ...columns.map(() => "n" as const), ...k.map(() => "k" as const)],
      buffers: [image, other, product].map((layout, i) => ({
        dtype: "float32",
        use: i === 2 ? "write" : "read",
        elements: this.#buffer(layout).elements,
      })),
      accesses: [access(image, 0), access(other, 1), access(product, 2)],
      scalars: [],
      lhs: 0,
      rhs: 1,
      epilogue: [{ op: "accumulator", index: 0, dtype: "float32" }],
      stores: [{ access: 2, value: 0 }],
    };
    return { kernel, buffers: [image.id, other.id, product.id], scalars: [] };
  }

  /** The kernel that transforms products back, runs the epilogue and stores. */
  #results(product: Layout): ScheduledKernel {
    const kernel = this.#kernel;
    const isFilter = this.#form.pass === "filter";
    const order = [...product.strides.keys()].reverse();
    const rank = order.length;
    const builder = new KernelBuilder(rank);
    const expression = new Expression();
    const products = range(tileReach).map((row) =>
      range(tileReach).map((column) =>
        expression.add({
          op: "load",
          access: builder.access(this.#buffer(product), "read", this.#planeIndex(product, order, row, column)),
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
        const at = this.#at(order, [row, column], isFilter);
        const extra = isFilter ? [] : this.#ragged(order, [row, column], 0);
        const values: number[] = [];
        for (const entry of kernel.epilogue) {
          values.push(
            entry.op === "accumulator"
              ? result
              : expression.add(
                  this.#entry(entry, values, builder, at, (access) => moved(access, at, extra, false)),
                ),
          );
        }
        return kernel.stores.map((store) => ({ value: values[store.value]!, access: moved(store.access, at, extra, true) }));
      }),
    );
    return builder.bound({
      kind: "map",
      label: `${kernel.label}/results of tiles`,
      axes: this.#axes(order),
      buffers: builder.kernelBuffers(),
      accesses: builder.accesses,
      scalars: builder.scalarTypes,
      expression: expression.entries,
      stores,
    });
  }

  #entry(entry: Entry, values: readonly number[], builder: KernelBuilder, at: readonly Affine[], access: (position: number) => number): Entry {
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

/** A distance of at least `elements` at which 16 streams meet in no set of the first cache. */
function spread(elements: number): number {
  return Math.ceil((elements - 64) / 1024) * 1024 + 64;
}
