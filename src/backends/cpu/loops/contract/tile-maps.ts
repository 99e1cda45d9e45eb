/** What of a 3x3 convolution by minimal filtering is written plane by plane: transformed arrays, and maps between them and tiles. */
import type { Access, Axis, ContractKernel, Entry, Guard } from "../../../../compiler/kernels/kernel.ts";
import { compose } from "../../../../compiler/kernels/affine.ts";
import { Expression, KernelBuilder } from "../../../../compiler/kernels/kernel-builder.ts";
import type { ScheduledKernel } from "../../../../compiler/target.ts";
import type { Affine } from "../../../../graph/index.ts";
import type { CpuTarget } from "../../target.ts";
import { stepsConflict } from "./cache-conflict.ts";
import type { Binding } from "./pad-operand.ts";
import type { WinogradForm } from "./winograd-form.ts";
import {
  ExpressionList,
  filterCotangentLine,
  filterLine,
  imageLine,
  type LineTransform,
  resultLine,
  transformBoth,
} from "./winograd-matrices.ts";

/** Results of a tile along an axis. */
export const tileExtent = 2;
/** Values of the image in a tile along an axis. */
export const tileReach = 4;
/** Places of a tile, each of which has a plane in transformed arrays. */
export const places: number = tileReach * tileReach;
/** Elements of a cache line. */
const lineElements = 16;

/** A transformed array: a plane for each place of a tile. */
export interface TransformedArray {
  readonly id: number;
  /** Axes of a plane, outermost first: an axis of the original, or its panels, or the places in a panel. */
  readonly parts: readonly Part[];
  /** Elements from one plane to the next. */
  readonly planeStride: number;
  /** Elements from one row (of the innermost axes) to the next. */
  readonly rowStride: number;
}

/** An axis of a plane: position `axis` of the original is the sum of positions times `unit` over its parts. */
export interface Part {
  readonly axis: number;
  readonly extent: number;
  readonly unit: number;
  readonly stride: number;
}

/** Makes transformed arrays of a convolution and the kernels that fill them. */
export class TileMaps {
  readonly #bound: Binding;
  readonly #kernel: ContractKernel;
  readonly #form: WinogradForm;
  readonly #target: CpuTarget;

  constructor(bound: Binding, form: WinogradForm, target: CpuTarget) {
    this.#bound = bound;
    this.#kernel = bound.kernel;
    this.#form = form;
    this.#target = target;
  }

  /** Extent of an axis of the original, in tiles where it is one of places. */
  extent(axis: number): number {
    const { extent } = this.#kernel.axes[axis]!;
    return this.#form.windows.some(({ place }) => place === axis) ? Math.ceil(extent / tileExtent) : extent;
  }

  /** An array `[place of tile, outer..., inner...]` whose rows do not meet in the first cache. */
  layout(id: number, outer: readonly number[], inner: readonly number[]): TransformedArray {
    const parts: Part[] = [];
    let elements = 1;
    let rowStride = 1;
    [...outer, ...inner].reverse().forEach((axis, i) => {
      const extent = this.extent(axis);
      parts.unshift({ axis, extent, unit: 1, stride: elements });
      elements *= extent;
      if (i !== inner.length - 1) return;
      if (stepsConflict(elements, this.#target)) elements += lineElements;
      rowStride = elements;
    });
    return { id, parts, planeStride: spread(elements), rowStride };
  }

  /** The buffer of a transformed array, for builders of kernels. */
  buffer(layout: TransformedArray): { readonly id: number; readonly dtype: "float32"; readonly elements: number } {
    return { id: layout.id, dtype: "float32", elements: elementsOf(layout) };
  }

  /** Index of place [row, column] of the tiles in a transformed array, over its parts. */
  planeIndex({ planeStride, parts }: TransformedArray, row: number, column: number): Affine {
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
  at(parts: readonly Part[], offsets: readonly [number, number], ofWindow: boolean): Affine[] {
    return this.#kernel.axes.map((_, axis): Affine => {
      const spatial = this.#form.windows.findIndex(({ place, window }) => place === axis || window === axis);
      if (spatial < 0) return this.#along(parts, axis, 1, 0);
      const isPlace = this.#form.windows[spatial]!.place === axis;
      return this.#along(parts, axis, isPlace ? tileExtent : 0, isPlace === ofWindow ? 0 : offsets[spatial]!);
    });
  }

  /** Guards of the last, ragged tiles: of places (`reach` 0), or of what windows of 1 + `reach` there see. */
  ragged(parts: readonly Part[], offsets: readonly [number, number], reach: number): Guard[] {
    return this.#form.windows.flatMap(({ place }, spatial): Guard[] => {
      const { extent } = this.#kernel.axes[place]!;
      if (extent % tileExtent === 0 || parts.every(({ axis }) => axis !== place)) return [];
      return [{ index: this.#along(parts, place, tileExtent, offsets[spatial]!), limit: extent + reach }];
    });
  }

  /** The kernel that transforms an operand. */
  operand(side: "lhs" | "rhs", layout: TransformedArray, line: LineTransform, name: string): ScheduledKernel {
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
        const at = this.at(parts, [row, column], ofWindow);
        const guards = [...this.guards(access, at, rank), ...this.ragged(parts, [row, column], reach)];
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
        access: builder.access(this.buffer(layout), "write", this.planeIndex(layout, row, column)),
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

  /** Guards of an access where the axes of the original are as `at` says. */
  guards(access: Access, at: readonly Affine[], rank: number): Guard[] {
    return access.guards.map(({ index, limit }) => ({ index: compose(index, at, rank), limit }));
  }

  /** The kernel that transforms products back, runs the epilogue and stores. */
  results(product: TransformedArray): ScheduledKernel {
    const kernel = this.#kernel;
    const { parts } = product;
    const rank = parts.length;
    const isFilter = this.#form.pass === "filter";
    const builder = new KernelBuilder(rank);
    const expression = new Expression();
    const products = range(tileReach).map((row) =>
      range(tileReach).map((column) =>
        expression.add({
          op: "load",
          access: builder.access(this.buffer(product), "read", this.planeIndex(product, row, column)),
          dtype: "float32",
        }),
      ),
    );
    const results = transformBoth(new ExpressionList(expression), isFilter ? filterCotangentLine : resultLine, products);
    const moved = (position: number, at: readonly Affine[], extra: readonly Guard[], isStore: boolean): number => {
      const access = kernel.accesses[position]!;
      const { use, ...buffer } = kernel.buffers[access.buffer]!;
      const kind = !isStore ? "read" : use === "readwrite" ? "update" : "write";
      const guards = [...this.guards(access, at, rank), ...extra];
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
        const at = this.at(parts, [row, column], isFilter);
        const extra = isFilter ? [] : this.ragged(parts, [row, column], 0);
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

/** Axes of a map over the parts of a transformed array. */
function axesOfParts(parts: readonly Part[]): Axis[] {
  return parts.map(({ extent }) => ({ extent, role: "parallel", dynamic: false }));
}

/** Elements that a transformed array takes. */
export function elementsOf({ parts, planeStride }: TransformedArray): number {
  return places * planeStride - planeStride + parts.reduce((last, { extent, stride }) => last + (extent - 1) * stride, 1);
}

/** A distance of at least `elements` at which 16 streams meet in no set of the first cache. */
export function spread(elements: number): number {
  return Math.ceil((elements - 64) / 1024) * 1024 + 64;
}

/** 0, 1, ..., `count` - 1. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
