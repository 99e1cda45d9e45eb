/**
 * Dilated operands without zeros: a contraction whose left operand has holes (a transposed convolution, the gradient of a
 * strided one) falls into phases, one per rest of the output's place by the dilation. In each phase only every d-th
 * element of the window meets an element of the operand, so that a phase is a contraction without holes.
 */
import type { Affine, ConcreteShape, Contraction, ContractIndex } from "../../graph/index.ts";
import { affineRange } from "../kernels/affine.ts";

/** More phases than this cost more in kernels than the zeros do. */
const maximumPhases = 64;

/** One phase: a contraction over part of the points. */
export interface Phase {
  readonly contraction: Contraction;
  /** Per axis of the contraction: position `axis` here is position `first + step * axis` of the whole. */
  readonly places: readonly { readonly first: number; readonly step: number }[];
  /** Whether no element meets another: the output is zero there. */
  readonly isEmpty: boolean;
}

/** What an axis of the whole becomes in a phase: `extent` positions, the first and every `step`-th behind it. */
interface Part {
  readonly axis: number;
  readonly first: number;
  readonly step: number;
  readonly extent: number;
}

/** The contraction itself where nothing is dilated; null where the dilation does not fall into few phases. */
export function phasesOf(contraction: Contraction, lhsShape: ConcreteShape): Phase[] | null {
  let choices: (readonly Part[])[] = [[]];
  const taken = new Set<number>();
  for (const index of contraction.lhs) {
    const divisor = index.divisor ?? 1;
    if (divisor === 1) continue;
    const moving = index.coefficients.flatMap((coefficient, axis) => (coefficient === 0 ? [] : [axis]));
    const place = moving.find((axis) => contraction.axes[axis]!.role !== "k");
    const window = moving.find((axis) => contraction.axes[axis]!.role === "k");
    if (place === undefined || window === undefined || moving.length > 2 || taken.has(place) || taken.has(window)) return null;
    taken.add(place).add(window);
    const rests = restsOf(contraction, index, divisor, place, window);
    choices = choices.flatMap((parts) => rests.map((rest) => [...parts, ...rest]));
    if (choices.length > maximumPhases) return null;
  }
  return choices.map((parts) => phase(contraction, parts, lhsShape));
}

/** Per rest of the place by the dilation: the places that have it, and the window's elements that meet the operand there. */
function restsOf(contraction: Contraction, index: ContractIndex, divisor: number, place: number, window: number): (readonly Part[])[] {
  const [perPlace, perWindow] = [index.coefficients[place]!, index.coefficients[window]!];
  const [places, windows] = [contraction.axes[place]!.extent, contraction.axes[window]!.extent];
  const placeStep = divisor / greatestCommonDivisor(perPlace, divisor);
  const windowStep = divisor / greatestCommonDivisor(perWindow, divisor);
  const rests: (readonly Part[])[] = [];
  for (let rest = 0; rest < Math.min(placeStep, places); rest++) {
    const first = Array.from({ length: Math.min(windowStep, windows) }, (_, w) => w).find(
      (w) => (perPlace * rest + perWindow * w + index.constant) % divisor === 0,
    );
    rests.push([
      { axis: place, first: rest, step: placeStep, extent: Math.ceil((places - rest) / placeStep) },
      { axis: window, first: first ?? 0, step: windowStep, extent: first === undefined ? 0 : Math.ceil((windows - first) / windowStep) },
    ]);
  }
  return rests;
}

function phase(contraction: Contraction, parts: readonly Part[], lhsShape: ConcreteShape): Phase {
  const partOf = (axis: number): Part | undefined => parts.find((part) => part.axis === axis);
  const axes = contraction.axes.map((axis, i) => ({ ...axis, extent: partOf(i)?.extent ?? axis.extent }));
  const extents = axes.map(({ extent }) => extent);
  const substituted = (index: ContractIndex): ContractIndex => {
    const { divisor = 1, guarded: _, ...whole } = index;
    let { constant } = whole;
    const coefficients = whole.coefficients.map((coefficient, axis) => {
      const part = partOf(axis);
      if (part === undefined) return coefficient;
      constant += coefficient * part.first;
      return coefficient * part.step;
    });
    return { constant: constant / divisor, coefficients: coefficients.map((coefficient) => coefficient / divisor) };
  };
  const guardedAgain = (index: ContractIndex, axis: number): ContractIndex => {
    const moved = substituted(index);
    if (index.guarded !== true) return moved;
    return leaves(moved, extents, lhsShape[axis]!) ? { ...moved, guarded: true } : moved;
  };
  return {
    contraction: { axes, lhs: contraction.lhs.map(guardedAgain), rhs: contraction.rhs.map(substituted), out: contraction.out },
    places: axes.map((_, axis) => ({ first: partOf(axis)?.first ?? 0, step: partOf(axis)?.step ?? 1 })),
    isEmpty: parts.some(({ extent }) => extent === 0),
  };
}

function leaves(index: Affine, extents: readonly number[], limit: number): boolean {
  const [low, high] = affineRange(index, extents);
  return low < 0 || high >= limit;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : greatestCommonDivisor(b, a % b);
}
