/** Seeded random contractions, for tests: layouts, groups, windows with strides, dilation and padding, epilogues. */
import type { ContractKernel, ContractRole, Entry } from "../../../../compiler/kernels/kernel.ts";
import { Random } from "../random-kernel.ts";
import { contraction, type Terms } from "./sample-contractions.ts";

interface Dimension {
  readonly extent: number;
  /** Index on this dimension, by axis name. */
  readonly index: Terms;
  readonly isGuarded: boolean;
}

/** Row-major address of dimensions. */
function flatten(dimensions: readonly Dimension[]): {
  readonly index: Record<string, number>;
  readonly elements: number;
  readonly guards: { index: Terms; limit: number }[];
} {
  const index: Record<string, number> = {};
  let stride = 1;
  for (const dimension of [...dimensions].reverse()) {
    for (const [name, c] of Object.entries(dimension.index)) index[name] = (index[name] ?? 0) + c * stride;
    stride *= dimension.extent;
  }
  return { index, elements: stride, guards: dimensions.flatMap((d) => (d.isGuarded ? [{ index: d.index, limit: d.extent }] : [])) };
}

/** A contraction of at most a few thousand products. */
export function randomContraction(seed: number): ContractKernel {
  const random = new Random(seed);
  const below = (limit: number): number => random.whole(0, limit - 1);
  const chance = (p: number): boolean => random.chance(p);
  const shuffle = <T>(list: readonly T[]): T[] => {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = below(i + 1);
      [copy[i], copy[j]] = [copy[j]!, copy[i]!];
    }
    return copy;
  };
  const axes: [string, ContractRole, number, boolean][] = [];
  const extents = new Map<string, number>();
  let size = 1;
  const axis = (name: string, role: ContractRole, extent: number): void => {
    const fitted = Math.max(1, Math.min(extent, Math.floor(6000 / size)));
    size *= fitted;
    axes.push([name, role, fitted, false]);
    extents.set(name, fitted);
  };
  const small = (): number => 1 + below(chance(0.3) ? 3 : 9);
  const long = (): number => 1 + below(chance(0.5) ? 20 : 40);
  if (chance(0.3)) axis("g", "batch", chance(0.5) ? small() : long());
  const spatial = below(3);
  if (chance(0.8)) axis("b", "m", spatial > 0 ? small() : long());
  for (let i = 0; i < spatial; i++) axis(`y${i}`, "m", 1 + below(9));
  if (chance(0.85)) axis("n", "n", long());
  if (chance(0.15)) axis("o", "n", small());
  for (let i = 0; i < spatial; i++) axis(`v${i}`, "k", 1 + below(4));
  if (chance(0.9)) axis("k", "k", chance(0.1) ? 1 : long());
  if (chance(0.15)) axis("l", "k", small());

  const has = (name: string): boolean => extents.has(name);
  const plain = (name: string): Dimension => ({ extent: extents.get(name)!, index: { [name]: 1 }, isGuarded: false });
  const left: Dimension[] = ["g", "b", "k", "l"].filter(has).map(plain);
  for (let i = 0; i < spatial; i++) {
    const stride = 1 + (chance(0.3) ? 1 + below(2) : 0);
    const dilation = 1 + (chance(0.2) ? 1 : 0);
    const [places, window] = [extents.get(`y${i}`)!, extents.get(`v${i}`)!];
    const reach = (places - 1) * stride + (window - 1) * dilation + 1;
    const low = chance(0.5) ? below(3) : 0;
    const high = chance(0.5) ? below(3) : 0;
    const extent = Math.max(1, reach - low - high);
    const isGuarded = low > 0 || reach - low > extent;
    left.push({ extent, index: { [`y${i}`]: stride, [`v${i}`]: dilation, 1: -low }, isGuarded });
  }
  const right: Dimension[] = ["g", "k", "l", "n", "o"].filter(has).map(plain);
  for (let i = 0; i < spatial; i++) {
    const window = extents.get(`v${i}`)!;
    right.push({ extent: window, index: chance(0.3) ? { [`v${i}`]: -1, 1: window - 1 } : { [`v${i}`]: 1 }, isGuarded: false });
  }
  const usual = chance(0.5);
  const lhs = flatten(usual ? left : shuffle(left));
  const rhs = flatten(usual ? right : shuffle(right));
  const results = axes.filter(([, role]) => role !== "k").map(([name]) => name);
  const order = usual ? results : shuffle(results);
  const out = flatten(order.map(plain));

  // An axis that is outermost wherever it stands may be dynamic.
  const isOutermost = (name: string): boolean =>
    [lhs.index, rhs.index, out.index].every(
      (index) => (index[name] ?? 0) === 0 || Object.entries(index).every(([other, c]) => other === "1" || Math.abs(c) <= index[name]!),
    );
  for (const role of ["m", "k"] as const) {
    const first = axes.find(([, r]) => r === role);
    const isFirst = first !== undefined && (role === "k" || !has("g"));
    if (isFirst && isOutermost(first[0]) && chance(0.6)) first[3] = true;
  }

  const others: Terms[] = [];
  const elements: number[] = [];
  const epilogue: Entry[] = [{ op: "accumulator", index: 0, dtype: "float32" }];
  const last = (): number => epilogue.length - 1;
  const operand = (terms: Terms, count: number): number => {
    others.push(terms);
    elements.push(count);
    epilogue.push({ op: "load", access: 2 + others.length, dtype: "float32" });
    return last();
  };
  const apply = (f: "add" | "multiply" | "maximum" | "tanh", ...args: number[]): void => {
    epilogue.push({ op: "scalar", f, args, dtype: "float32" });
  };
  if (chance(0.4) && has("n")) {
    const before = last();
    const bias = operand({ n: 1 }, extents.get("n")!);
    apply("add", before, bias);
  }
  if (chance(0.2)) {
    const before = last();
    const residual = operand(out.index, out.elements);
    apply("add", before, residual);
  }
  if (chance(0.2) && has("b")) {
    const before = last();
    const scale = operand({ b: 1 }, extents.get("b")!);
    apply("multiply", before, scale);
  }
  if (chance(0.3)) {
    const before = last();
    epilogue.push({ op: "constant", value: 0, dtype: "float32" });
    apply("maximum", before, last());
  } else if (chance(0.15)) apply("tanh", last());

  return contraction({
    label: `random ${seed}`,
    axes,
    lhs: lhs.index,
    rhs: rhs.index,
    out: out.index,
    lhsGuards: lhs.guards,
    others,
    epilogue,
    elements: { lhs: lhs.elements, rhs: rhs.elements, out: out.elements, others: elements },
  });
}
