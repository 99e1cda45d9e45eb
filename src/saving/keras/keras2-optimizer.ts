/**
 * The state of optimizers in files of Keras 2. Its older ones (`legacy`) keep one slot of all weights after the other, `m` of
 * all, `v` of all; the newer ones (2.11 and later) have Keras 3's order. The learning rate stands in neither.
 */
import { ValueError } from "../../errors.ts";
import type { Variable } from "../../graph/index.ts";
import { assignStored } from "../../layers/stored-variables.ts";
import type { Optimizer } from "../../optimizers/index.ts";
import type { DatasetArray } from "./arrays.ts";

/** Gives an optimizer the state that a file holds: arrays with their names, of slots of `weights` in the order of the file. */
export function loadKeras2Optimizer(
  optimizer: Optimizer,
  names: readonly string[],
  arrays: ReadonlyMap<string, DatasetArray>,
  weights: readonly Variable[],
  inOrder: readonly Variable[],
): void {
  const label = `optimizer "${optimizer.name}"`;
  if (names.length === 0) return;
  if (!optimizer.built) optimizer.build(weights);
  const targets = names.some(isSteps) ? legacyOrder(optimizer, names, inOrder) : newerOrder(optimizer, names.length, weights, inOrder);
  if (names.length === 1) return assignStored(label, [optimizer.iterations], arrays);
  if (targets === null || targets.length !== names.length)
    throw new ValueError({
      where: label,
      problem: "the file holds the state of another optimizer",
      expected: `${targets?.length ?? optimizer.variables.length} variables`,
      received: `${names.length}: ${names.slice(0, 4).join(", ")}, ...`,
      advice: "load with compile: false, and compile the model yourself",
    });
  assignStored(label, targets, arrays);
}

/** Nadam's product of momentums goes by this name. */
const product = "variable";

/** Slots of weights by their kind (`momentum`), kinds in the order in which they were made. */
function slotsOf(optimizer: Optimizer, weights: readonly Variable[]): Map<string, Map<Variable, Variable>> {
  const slots = new Map<string, Map<Variable, Variable>>();
  const rate: unknown = optimizer.learningRate;
  for (const variable of optimizer.variables) {
    if (variable === optimizer.iterations || variable === rate || variable.name === product) continue;
    // Of two weights the one with the longer path is meant: `a` and `a_b`.
    const owners = weights.filter(({ path }) => variable.name.startsWith(`${path.replaceAll("/", "_")}_`));
    const named = owners.sort((a, b) => b.path.length - a.path.length)[0];
    const kind = named === undefined ? variable.name : variable.name.slice(named.path.length + 1);
    const ofKind = slots.get(kind) ?? new Map<Variable, Variable>();
    // Some are called by their kind alone, one for each weight in turn.
    const weight = named ?? weights[ofKind.size];
    if (weight !== undefined) slots.set(kind, ofKind.set(weight, variable));
  }
  return slots;
}

function legacyOrder(optimizer: Optimizer, names: readonly string[], weights: readonly Variable[]): Variable[] | null {
  const slots = [...slotsOf(optimizer, weights).values()];
  const stored = names.filter((name) => !isSteps(name) && !isProduct(name));
  if (stored.length !== slots.length * weights.length) return null;
  // `Adam/dense/kernel/m:0`: the weight, then the slot; files of Keras 2.2 have names that say nothing, and all of a slot together.
  const parts = stored.map((name) => /^(.*)\/([^/]+?)(?::0)?$/.exec(name));
  const kinds = [...new Set(parts.map((part) => part?.[2]))];
  const paths = [...new Set(parts.map((part) => part?.[1]))];
  const told = kinds.length === slots.length && paths.length === weights.length;
  const places = new Map(
    stored.map((name, index): [string, Variable | undefined] => {
      const [kind, weight] = told
        ? [kinds.indexOf(parts[index]?.[2]), paths.indexOf(parts[index]?.[1])]
        : [Math.floor(index / weights.length), index % weights.length];
      return [name, slots[kind]?.get(weights[weight]!)];
    }),
  );
  const targets = names.map((name) => {
    if (isSteps(name)) return optimizer.iterations;
    return isProduct(name) ? optimizer.variables.find((variable) => variable.name === product) : places.get(name);
  });
  return targets.every((target) => target !== undefined) ? targets : null;
}

function newerOrder(optimizer: Optimizer, count: number, weights: readonly Variable[], inOrder: readonly Variable[]): Variable[] {
  const moved = new Map<Variable, Variable>();
  for (const ofWeights of slotsOf(optimizer, weights).values())
    weights.forEach((weight, index) => {
      const [slot, other] = [ofWeights.get(weight), ofWeights.get(inOrder[index]!)];
      if (slot !== undefined && other !== undefined) moved.set(slot, other);
    });
  const rate: unknown = optimizer.learningRate;
  const kept = optimizer.variables.filter((variable) => variable !== rate && variable.name !== product);
  const all = kept.map((variable) => moved.get(variable) ?? variable);
  // Scalars in the place of rows that vectors do not have (Adafactor) are not in the file.
  return all.length === count ? all : all.filter((variable) => variable === optimizer.iterations || variable.shape.length > 0);
}

function isProduct(name: string): boolean {
  return /momentum_cache(:0)?$/.test(name);
}

function isSteps(name: string): boolean {
  return /(^|\/)(iter|iterations)(:0)?$/.test(name);
}
