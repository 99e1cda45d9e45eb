/** Graphs over floats of two bytes, on shapes of odd lengths: what tests of their storage compile and run. */
import { webGpuTarget } from "../backends/webgpu/index.ts";
import { compile } from "../compiler/compile.ts";
import type { Program } from "../compiler/program.ts";
import type { ShortFloat } from "../dtype/index.ts";
import { parameterTensor, Subgraph, type Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";

/** Graphs that round at most once an element: their bits are the same everywhere. Lengths are odd where they can be. */
export const exactGraphs: Readonly<Record<string, (x: Tensor, y: Tensor, at: Tensor, format: ShortFloat) => readonly Tensor[]>> = {
  "chains of arithmetic": (x, y, _, format) => {
    const product = p.multiply(x, y);
    const bigger = p.greater(x, y);
    return [
      p.add(product, x),
      p.select(bigger, x, y),
      bigger,
      p.convert(p.convert(x, "float32"), format),
      p.subtract(p.negate(x), product),
    ];
  },
  views: (x, _y, _at, format) => [
    p.transpose(x, [2, 0, 1]),
    p.slice(x, [0, 1, 1], [3, 4, 6]),
    p.pad(x, p.constant(0, format), [1, 0, 1], [0, 2, 0], [0, 1, 0]),
    p.reverse(x, [2]),
    p.concatenate([p.slice(x, [0, 0, 0], [3, 5, 3]), x, p.slice(x, [0, 0, 2], [3, 5, 7])], 2),
    p.reshape(p.transpose(x, [1, 0, 2]), [15, 7]),
  ],
  "rows, columns and windows": (x) => {
    const geometry = {
      window: [1, 2, 2],
      strides: [1, 1, 2],
      padding: [
        [0, 0],
        [0, 1],
        [0, 0],
      ],
    } as const;
    const positions = p.windowArgmax(x, geometry);
    return [
      p.reduceMax(x, [2]),
      p.reduceMax(x, [0]),
      p.reduceMin(x, [0, 1, 2]),
      p.argmax(x, 2),
      p.windowGather(x, positions, geometry),
      positions,
    ];
  },
  "indices from data": (x, y, at) => {
    const places = p.reshape(p.slice(at, [2], [5]), [3, 1]);
    const updates = p.slice(y, [0, 0, 0], [3, 5, 7]);
    return [
      p.take(x, at, 0),
      p.take(x, at, 2),
      p.scatterNd(x, places, updates, "set"),
      // Of several updates to one place each is rounded, which the reference does not.
      p.scatterNd(x, p.reshape(p.slice(at, [0], [3]), [3, 1]), updates, "add"),
      p.dynamicUpdateSlice(x, p.slice(y, [0, 0, 0], [1, 3, 3]), p.slice(at, [1], [4])),
    ];
  },
  "sorts and running extrema": (x) => [p.sort(x, 2).values, p.sort(x, 1, true).values, p.cumulativeMax(x, 2), p.cumulativeMax(x, 0, true)],
  "bytes beside them": (x, y, _, format) => {
    const mask = p.less(x, y);
    const bytes = p.convert(p.convert(mask, "uint8"), format);
    return [mask, bytes, p.transpose(mask, [2, 1, 0]), p.convert(p.reshape(mask, [105]), "int8")];
  },
};

/** One of them with its parameters. */
export function exactGraph(kind: string, format: ShortFloat): Subgraph {
  const parameters = [parameterTensor([3, 5, 7], format), parameterTensor([3, 5, 7], format), parameterTensor([5], "int32")] as const;
  return new Subgraph(parameters, exactGraphs[kind]!(...parameters, format));
}

/** A convolution and two products: columns in whole vectors of four, and not. */
export function networkGraph(format: ShortFloat): Subgraph {
  const [images, filters, weights, others] = [
    parameterTensor([4, 9, 9, 3], format),
    parameterTensor([3, 3, 3, 8], format),
    parameterTensor([8, 32], format),
    parameterTensor([30, 8], format),
  ];
  const y = p.convGeneral(images, filters, {
    strides: [1, 1],
    padding: [
      [1, 1],
      [1, 1],
    ],
  });
  const flat = p.reshape(y, [324, 8]);
  return new Subgraph(
    [images, filters, weights, others],
    [
      y,
      p.dotGeneral(flat, weights, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] }),
      p.dotGeneral(flat, others, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [1] }),
    ],
  );
}

/** A program for a device of the guaranteed limits; `dtypes`: as if it stored only these. */
export function programOf(graph: Subgraph, dtypes?: readonly string[]): Program {
  const target = webGpuTarget(8, 2 ** 27);
  const kept = target.limits.dtypes.filter((dtype) => dtypes?.includes(dtype) ?? true);
  return compile(
    graph,
    { arguments: graph.parameters.length, states: 0, writtenStates: [] },
    { ...target, limits: { ...target.limits, dtypes: kept } },
  );
}
