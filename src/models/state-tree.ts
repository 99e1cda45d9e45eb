/** The values of all variables of a model, without the model: for loops that keep them themselves, and for files of other formats. */
import { UnknownNameError } from "../errors.ts";
import type { Tensor, Variable } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { statelessCalls } from "../ops/stateless-calls.ts";
import type { Model } from "./model.ts";
import type { LossData } from "./step.ts";

/** Values by the parts of the paths of their variables: `{ dense: { kernel, bias } }`. */
export interface PathTree {
  readonly [part: string]: PathTree | TensorLike;
}

/** Keras's state tree. */
export interface StateTree {
  readonly trainableVariables: PathTree;
  readonly nonTrainableVariables: PathTree;
  readonly optimizerVariables: PathTree;
  readonly metricsVariables: PathTree;
}

const kinds = ["trainableVariables", "nonTrainableVariables", "optimizerVariables", "metricsVariables"] as const;

function variablesOf(model: Model<unknown, unknown>, kind: (typeof kinds)[number]): readonly Variable[] {
  if (kind !== "optimizerVariables") return model[kind];
  return model.compiled ? model.optimizer.variables : [];
}

/** The present values of a model. */
export function stateTree(model: Model<unknown, unknown>): StateTree {
  return Object.fromEntries(
    kinds.map((kind) => {
      const tree: Record<string, unknown> = {};
      for (const variable of variablesOf(model, kind)) {
        const parts = variable.path.split("/");
        const folder = parts.slice(0, -1).reduce((room, part) => (room[part] ??= {}) as Record<string, unknown>, tree);
        folder[parts.at(-1)!] = variable.read();
      }
      return [kind, tree];
    }),
  ) as unknown as StateTree;
}

/** Sets the variables of a model to values. Nothing changes where a path is unknown. */
export function setStateTree(model: Model<unknown, unknown>, tree: Partial<StateTree>): void {
  const pending: (() => void)[] = [];
  for (const kind of kinds) {
    const variables = new Map(variablesOf(model, kind).map((variable) => [variable.path, variable]));
    const visit = (part: PathTree, path: string): void => {
      for (const [name, value] of Object.entries(part)) {
        const at = path === "" ? name : `${path}/${name}`;
        const variable = variables.get(at);
        if (variable !== undefined) pending.push(() => variable.assign(value as TensorLike));
        else if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype)
          visit(value as PathTree, at);
        else {
          throw new UnknownNameError({
            where: `${model.label}.setStateTree`,
            problem: `${kind} has a path that no variable of the model has`,
            expected: [...variables.keys()].slice(0, 8).join(", "),
            received: at,
          });
        }
      }
    };
    const given = tree[kind];
    if (given !== undefined) visit(given, "");
  }
  for (const assign of pending) assign();
}

/** `computeLoss` without state. */
export function statelessLoss(
  model: Model<unknown, unknown>,
  trainable: readonly TensorLike[],
  nonTrainable: readonly TensorLike[],
  metrics: readonly TensorLike[],
  data: LossData,
): [Tensor, [Tensor[], Tensor[], Tensor[]]] {
  const where = `${model.label}.statelessComputeLoss`;
  const given = [
    { name: "trainableVariables", variables: model.trainableVariables, values: trainable },
    { name: "nonTrainableVariables", variables: model.nonTrainableVariables, values: nonTrainable },
    { name: "metricsVariables", variables: model.metricsVariables, values: metrics },
  ];
  const { training = true } = data;
  const { result, after } = statelessCalls.get(where)(where, given, () =>
    model.computeLoss({ ...data, training, yPred: data.yPred ?? model(data.x, { training }) }),
  );
  return [result, [after[0]!, after[1]!, after[2]!]];
}
