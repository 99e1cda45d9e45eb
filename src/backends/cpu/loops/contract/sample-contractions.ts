/** Contractions made by hand, as the compiler makes them: for tests and measurements. */
import type { Access, Axis, ContractKernel, ContractRole, Entry, Guard } from "../../../../compiler/kernels/kernel.ts";
import type { Affine } from "../../../../graph/index.ts";

/** A sum of axes times numbers, by axis name; `1` is the constant. */
export type Terms = Readonly<Record<string, number>>;

/** A contraction by axis names. */
export interface ContractionText {
  readonly label: string;
  /** [name, role, extent]; "dynamic" may follow. In order batch, m, n, k. */
  readonly axes: readonly (readonly [name: string, role: ContractRole, extent: number, dynamic?: boolean])[];
  readonly lhs: Terms;
  readonly rhs: Terms;
  readonly out: Terms;
  readonly lhsGuards?: readonly { readonly index: Terms; readonly limit: number }[];
  readonly rhsGuards?: readonly { readonly index: Terms; readonly limit: number }[];
  /** Further accesses (bias, residual), from buffer 3 on, each of its own buffer. */
  readonly others?: readonly Terms[];
  /** Entry 0 is the accumulator; entry i loads access 2 + i. The last entry is stored. */
  readonly epilogue?: readonly Entry[];
  readonly elements: { readonly lhs: number; readonly rhs: number; readonly out: number; readonly others?: readonly number[] };
}

/** The kernel of a text. Buffers: lhs, rhs, out, others. Accesses: lhs, rhs, out, others. */
export function contraction(text: ContractionText): ContractKernel {
  const names = text.axes.map(([name]) => name);
  const affine = (terms: Terms): Affine => ({ constant: terms["1"] ?? 0, coefficients: names.map((name) => terms[name] ?? 0) });
  const guards = (list: ContractionText["lhsGuards"]): Guard[] => (list ?? []).map(({ index, limit }) => ({ index: affine(index), limit }));
  const access = (buffer: number, terms: Terms, list: Guard[] = []): Access => ({
    buffer,
    index: affine(terms),
    guards: list,
    fill: 0,
    dynamic: [],
  });
  const { elements } = text;
  const epilogue: readonly Entry[] = text.epilogue ?? [{ op: "accumulator", index: 0, dtype: "float32" }];
  return {
    kind: "contract",
    label: text.label,
    axes: text.axes.map(([, role, extent, dynamic]): Axis => ({
      extent,
      role: role === "k" ? "reduce" : "parallel",
      dynamic: dynamic ?? false,
    })),
    roles: text.axes.map(([, role]) => role),
    buffers: [
      { dtype: "float32", use: "read", elements: elements.lhs },
      { dtype: "float32", use: "read", elements: elements.rhs },
      { dtype: "float32", use: "write", elements: elements.out },
      ...(elements.others ?? []).map((count) => ({ dtype: "float32" as const, use: "read" as const, elements: count })),
    ],
    accesses: [
      access(0, text.lhs, guards(text.lhsGuards)),
      access(1, text.rhs, guards(text.rhsGuards)),
      access(2, text.out),
      ...(text.others ?? []).map((terms, i) => access(3 + i, terms)),
    ],
    scalars: [],
    lhs: 0,
    rhs: 1,
    epilogue,
    stores: [{ access: 2, value: epilogue.length - 1 }],
  };
}

/** `out[m, n] = sum over k of lhs[m, k] * rhs[k, n]`; operands stored transposed where asked for. */
export function matmul(
  m: number,
  n: number,
  k: number,
  options: { readonly lhsTransposed?: boolean; readonly rhsTransposed?: boolean; readonly dynamic?: "m" | "k" } = {},
): ContractKernel {
  return contraction({
    label: `matmul ${m}x${n}x${k}${options.lhsTransposed === true ? " lhs^T" : ""}${options.rhsTransposed === true ? " rhs^T" : ""}`,
    axes: [
      ["m", "m", m, options.dynamic === "m"],
      ["n", "n", n],
      ["k", "k", k, options.dynamic === "k"],
    ],
    lhs: options.lhsTransposed === true ? { m: 1, k: m } : { m: k, k: 1 },
    rhs: options.rhsTransposed === true ? { n: k, k: 1 } : { n: 1, k: n },
    out: { m: n, n: 1 },
    elements: { lhs: m * k, rhs: k * n, out: m * n },
  });
}

/** `max(matmul + bias, 0)`, the batch axis dynamic. */
export function dense(batch: number, units: number, inputs: number): ContractKernel {
  return contraction({
    label: `dense ${batch}x${inputs}->${units}`,
    axes: [
      ["m", "m", batch, true],
      ["n", "n", units],
      ["k", "k", inputs],
    ],
    lhs: { m: inputs, k: 1 },
    rhs: { n: 1, k: units },
    out: { m: units, n: 1 },
    others: [{ n: 1 }],
    epilogue: [
      { op: "accumulator", index: 0, dtype: "float32" },
      { op: "load", access: 3, dtype: "float32" },
      { op: "scalar", f: "add", args: [0, 1], dtype: "float32" },
      { op: "constant", value: 0, dtype: "float32" },
      { op: "scalar", f: "maximum", args: [2, 3], dtype: "float32" },
    ],
    elements: { lhs: batch * inputs, rhs: inputs * units, out: batch * units, others: [units] },
  });
}

/** A two-dimensional convolution, channels last. */
export interface ConvolutionShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly window: number;
  readonly stride?: number;
  readonly dilation?: number;
  /** Zeros on every side; "same" where left out with stride 1. */
  readonly padding?: number;
  readonly groups?: number;
  readonly dynamic?: boolean;
}

function geometry(shape: ConvolutionShape): { stride: number; dilation: number; padding: number; places: (extent: number) => number } {
  const stride = shape.stride ?? 1;
  const dilation = shape.dilation ?? 1;
  const padding = shape.padding ?? ((shape.window - 1) * dilation) / 2;
  return {
    stride,
    dilation,
    padding,
    places: (extent) => Math.floor((extent + 2 * padding - (shape.window - 1) * dilation - 1) / stride) + 1,
  };
}

function title(kind: string, { batch, height, width, inputs, outputs, window }: ConvolutionShape): string {
  return `conv ${kind} ${window}x${window} ${inputs}->${outputs} ${height}x${width} batch ${batch}`;
}

/** Forward: images [b, h, w, inputs], weights [window, window, inputs / groups, outputs]. */
export function convolution(shape: ConvolutionShape): ContractKernel {
  const { stride, dilation, padding, places } = geometry(shape);
  const { batch, height, width, inputs, outputs, window } = shape;
  const groups = shape.groups ?? 1;
  const [oh, ow] = [places(height), places(width)];
  const y = { y: stride, v: dilation, 1: -padding };
  const x = { x: stride, u: dilation, 1: -padding };
  return contraction({
    label: title("forward", shape),
    axes: [
      ["g", "batch", groups],
      ["b", "m", batch, shape.dynamic ?? false],
      ["y", "m", oh],
      ["x", "m", ow],
      ["o", "n", outputs / groups],
      ["v", "k", window],
      ["u", "k", window],
      ["i", "k", inputs / groups],
    ],
    lhs: {
      b: height * width * inputs,
      y: stride * width * inputs,
      v: dilation * width * inputs,
      x: stride * inputs,
      u: dilation * inputs,
      g: inputs / groups,
      i: 1,
      1: -padding * (width + 1) * inputs,
    },
    rhs: { v: window * (inputs / groups) * outputs, u: (inputs / groups) * outputs, i: outputs, g: outputs / groups, o: 1 },
    out: { b: oh * ow * outputs, y: ow * outputs, x: outputs, g: outputs / groups, o: 1 },
    lhsGuards:
      padding > 0
        ? [
            { index: y, limit: height },
            { index: x, limit: width },
          ]
        : [],
    elements: { lhs: batch * height * width * inputs, rhs: window * window * (inputs / groups) * outputs, out: batch * oh * ow * outputs },
  });
}

/** Input gradient of a convolution of stride 1: cotangents [b, oh, ow, outputs] with the window reversed. */
export function inputGradient(shape: ConvolutionShape): ContractKernel {
  const { dilation, padding, places } = geometry(shape);
  const { batch, height, width, inputs, outputs, window } = shape;
  const [oh, ow] = [places(height), places(width)];
  const low = (window - 1) * dilation - padding;
  return contraction({
    label: title("input gradient", shape),
    axes: [
      ["b", "m", batch, shape.dynamic ?? false],
      ["y", "m", height],
      ["x", "m", width],
      ["i", "n", inputs],
      ["v", "k", window],
      ["u", "k", window],
      ["o", "k", outputs],
    ],
    lhs: {
      b: oh * ow * outputs,
      y: ow * outputs,
      v: dilation * ow * outputs,
      x: outputs,
      u: dilation * outputs,
      o: 1,
      1: -low * (ow + 1) * outputs,
    },
    rhs: { v: -window * inputs * outputs, u: -inputs * outputs, i: outputs, o: 1, 1: (window - 1) * (window + 1) * inputs * outputs },
    out: { b: height * width * inputs, y: width * inputs, x: inputs, i: 1 },
    lhsGuards:
      low > 0
        ? [
            { index: { y: 1, v: dilation, 1: -low }, limit: oh },
            { index: { x: 1, u: dilation, 1: -low }, limit: ow },
          ]
        : [],
    elements: { lhs: batch * oh * ow * outputs, rhs: window * window * inputs * outputs, out: batch * height * width * inputs },
  });
}

/** Filter gradient: images and cotangents summed over batch and places. */
export function filterGradient(shape: ConvolutionShape): ContractKernel {
  const { stride, dilation, padding, places } = geometry(shape);
  const { batch, height, width, inputs, outputs, window } = shape;
  const [oh, ow] = [places(height), places(width)];
  return contraction({
    label: title("filter gradient", shape),
    axes: [
      ["v", "m", window],
      ["u", "m", window],
      ["i", "m", inputs],
      ["o", "n", outputs],
      ["b", "k", batch, shape.dynamic ?? false],
      ["y", "k", oh],
      ["x", "k", ow],
    ],
    lhs: {
      b: height * width * inputs,
      y: stride * width * inputs,
      v: dilation * width * inputs,
      x: stride * inputs,
      u: dilation * inputs,
      i: 1,
      1: -padding * (width + 1) * inputs,
    },
    rhs: { b: oh * ow * outputs, y: ow * outputs, x: outputs, o: 1 },
    out: { v: window * inputs * outputs, u: inputs * outputs, i: outputs, o: 1 },
    lhsGuards:
      padding > 0
        ? [
            { index: { y: stride, v: dilation, 1: -padding }, limit: height },
            { index: { x: stride, u: dilation, 1: -padding }, limit: width },
          ]
        : [],
    elements: { lhs: batch * height * width * inputs, rhs: batch * oh * ow * outputs, out: window * window * inputs * outputs },
  });
}
