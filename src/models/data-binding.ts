/** Matching a user's data with a model's inputs and outputs, and the checks before any step runs. */
import { type ArrayData, type ArrayExpectation, hostArrayOf } from "../data/array-source.ts";
import type { DType } from "../dtype/index.ts";
import { ShapeError, ValueError } from "../errors.ts";
import {
  formatShape,
  type HostValues,
  isHostTypedArray,
  isPlainObject,
  type Shape,
  type StringData,
  StringTensor,
  Tensor,
} from "../graph/index.ts";
import { withParts } from "../parts/part.ts";
import { rareData } from "./parts.ts";

/** A place for data: an input or output of a model. */
export interface Slot {
  readonly name: string;
  /** Null: not known. */
  readonly shape: Shape | null;
  /** "string": texts. */
  readonly dtype: DType | "string" | null;
}

/** Data for several inputs: one array, a list in order, or an object by name. */
export type DataStructure = DataPart | readonly DataPart[] | { readonly [name: string]: DataPart };

/** One array: numbers or texts. */
export type DataPart = ArrayData | StringTensor | StringData;

/** An array with the name that errors use. */
export interface NamedArray {
  readonly label: string;
  readonly host: HostValues;
  /** Of texts: the values are positions in this list. */
  readonly texts?: readonly string[];
}

/** One part of the data, matched with a slot. */
export interface Match {
  readonly data: DataPart;
  readonly expectation: ArrayExpectation;
  /** Whether texts are expected. */
  readonly texts: boolean;
}

/** How data is matched: what `matchSlots` was asked. */
export interface Matching {
  readonly where: string;
  readonly kind: "input" | "target" | "sample weight";
  readonly slots: readonly Slot[];
  /** Further names of the slots (of an object of inputs). */
  readonly keys: readonly string[] | null;
  readonly optional: (index: number) => boolean;
  /** Makes a match. */
  readonly matched: (data: DataPart, slot: Slot) => Match;
}

/**
 * Matches data with slots. `keys` are further names of the slots (of an object of inputs). Slots without data are null
 * where `optional` says so; one array that is no list is for the only slot that needs data. Throws where names or counts do
 * not fit. For `withParts`.
 */
export function matchSlots(
  where: string,
  kind: Matching["kind"],
  data: unknown,
  slots: readonly Slot[],
  keys: readonly string[] | null,
  optional: (index: number) => boolean,
): (Match | null)[] {
  const matched = (data: DataPart, slot: Slot): Match => ({
    data,
    expectation: {
      label: slots.length === 1 ? kind : `${kind} "${slot.name}"`,
      shape: slot.shape,
      dtype: slot.dtype === "string" ? null : slot.dtype,
    },
    texts: slot.dtype === "string",
  });
  if (slots.length === 1 && !isPlainObject(data) && !isListOfArrays(data)) return [matched(data as DataPart, slots[0]!)];
  return rareData.get().matchSeveral(data, { where, kind, slots, keys, optional, matched });
}

/** Whether data is a list of arrays, not the nested arrays of a single one. */
export function isListOfArrays(data: unknown): data is readonly (DataPart | null)[] {
  if (!Array.isArray(data)) return false;
  const first: unknown = data[0];
  return first instanceof Tensor || first instanceof StringTensor || (data.length === 1 && isHostTypedArray(first));
}

/** Values of matches, awaiting tensors that have to be computed. */
export async function readMatches(where: string, matches: readonly (Match | null)[]): Promise<(NamedArray | null)[]> {
  const out: (NamedArray | null)[] = [];
  for (const match of matches) out.push(match === null ? null : await readMatch(where, match));
  return out;
}

async function readMatch(where: string, match: Match): Promise<NamedArray> {
  if (!match.texts) return { label: match.expectation.label, host: await hostArrayOf(where, match.data as ArrayData, match.expectation) };
  if (match.data instanceof StringTensor) await match.data.data();
  return await withParts(() => rareData.get().textArray(where, match));
}

/**
 * Class numbers must lie in [0, classes), but for the one that the loss ignores. Throws ValueError naming the first that
 * does not.
 */
export function checkClassNumbers(where: string, target: NamedArray, classes: number, ignored: number | null): void {
  const { values } = target.host;
  for (let i = 0; i < values.length; i++) {
    const label = values[i]!;
    if (label === ignored) continue;
    if (label >= 0 && label < classes && Number.isInteger(label)) continue;
    throw new ValueError({
      where,
      problem: `the ${target.label} holds a label outside the classes`,
      expected: `whole numbers from 0 to ${classes - 1}: the output has ${classes} classes`,
      received: `${label} at position ${i}`,
      advice:
        label === classes
          ? "labels count from 0; or give the last layer one more unit"
          : "look at the labels, or give the last layer as many units as there are classes",
    });
  }
}

/** Targets of a loss that compares elementwise must have the shape of the prediction. Throws ShapeError. */
export function checkTargetShape(where: string, target: NamedArray, prediction: Shape, lossName: string): void {
  const shape = target.host.shape;
  const fits = (candidate: Shape): boolean =>
    candidate.length === prediction.length &&
    candidate.every(
      (extent, axis) => axis === 0 || prediction[axis] === null || extent === prediction[axis] || extent === 1 || prediction[axis] === 1,
    );
  if (fits(shape) || fits([...shape, 1]) || (shape.at(-1) === 1 && fits(shape.slice(0, -1)))) {
    const last = prediction.at(-1);
    const labels =
      lossName.includes("categorical") && typeof last === "number" && last > 1 && (shape.length < prediction.length || shape.at(-1) === 1);
    if (!labels) return;
  }
  const classNumbers = lossName.includes("categorical_crossentropy") || lossName.includes("CategoricalCrossentropy");
  throw new ShapeError({
    where,
    problem: `the ${target.label} does not have the shape of the prediction`,
    expected: formatShape(prediction),
    received: formatShape(shape),
    advice:
      classNumbers && shape.length < prediction.length
        ? 'labels that are class numbers need the loss "sparse_categorical_crossentropy", or ops.oneHot(labels, classes)'
        : "reshape the targets, or the last layer",
  });
}
