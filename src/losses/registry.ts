/** Losses by name. */
import { customObject, type CustomObjects, isSerialized, registeredName, Registry, type SerializedObject } from "../serialization/index.ts";
import { Circle } from "./circle.ts";
import {
  BinaryCrossentropy,
  BinaryFocalCrossentropy,
  CategoricalCrossentropy,
  CategoricalFocalCrossentropy,
  SparseCategoricalCrossentropy,
} from "./crossentropy.ts";
import { CTC } from "./ctc.ts";
import { KLDivergence, Poisson } from "./divergence.ts";
import { CategoricalHinge, Hinge, SquaredHinge } from "./hinge.ts";
import { CategoricalGeneralizedCrossEntropy } from "./generalized-crossentropy.ts";
import { FunctionLoss, Loss, type CustomLossFunction } from "./loss.ts";
import { Exponential, Logistic } from "./margin-exponential.ts";
import {
  Huber,
  LogCosh,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
} from "./regression.ts";
import { CosineSimilarity, Dice, Tversky } from "./similarity.ts";

/** Every known loss. */
export const lossRegistry: Registry<Loss> = /* @__PURE__ */ new Registry<Loss>("loss", "keras.losses");

/** Registers every built-in loss under Keras's names. */
export function registerLosses(): void {
  lossRegistry.register(MeanSquaredError, ["mse", "MSE"]);
  lossRegistry.register(MeanAbsoluteError, ["mae", "MAE"]);
  lossRegistry.register(MeanAbsolutePercentageError, ["mape", "MAPE"]);
  lossRegistry.register(MeanSquaredLogarithmicError, ["msle", "MSLE"]);
  lossRegistry.register(Huber, ["huber_loss"]);
  lossRegistry.register(LogCosh, ["logcosh"]);
  lossRegistry.register(BinaryCrossentropy, ["bce", "BCE"]);
  lossRegistry.register(BinaryFocalCrossentropy);
  lossRegistry.register(CategoricalCrossentropy);
  lossRegistry.register(CategoricalFocalCrossentropy);
  lossRegistry.register(SparseCategoricalCrossentropy);
  lossRegistry.register(KLDivergence, ["kld", "KLD", "kullback_leibler_divergence"]);
  lossRegistry.register(Poisson);
  for (const cls of [Hinge, SquaredHinge, CategoricalHinge]) lossRegistry.register(cls);
  lossRegistry.register(CosineSimilarity, ["cosine"]);
  lossRegistry.register(Dice);
  for (const cls of [Tversky, Circle, CTC, CategoricalGeneralizedCrossEntropy, Exponential, Logistic]) lossRegistry.register(cls);
}

/** What names a loss: Keras's name, a loss, a function of targets and predictions, or Keras's JSON. */
export type LossIdentifier = string | Loss | CustomLossFunction | SerializedObject | { class_name: string; config: object };

/** The loss of a name, of Keras's JSON, of a function, or itself. Throws UnknownNameError. */
export function get(identifier: LossIdentifier, customObjects: CustomObjects = {}): Loss {
  if (identifier instanceof Loss) return identifier;
  if (typeof identifier === "function") return new FunctionLoss(identifier);
  const named =
    typeof identifier === "string"
      ? identifier
      : isSerialized(identifier) && typeof identifier.config === "string"
        ? identifier.config
        : null;
  const custom = named === null ? undefined : customObject([named], customObjects);
  if (typeof custom === "function" && !("fromConfig" in custom)) return new FunctionLoss(custom as CustomLossFunction);
  return lossRegistry.get(identifier, customObjects);
}
/** Keras's JSON of a loss. A user's function is written by its name. */
export function serialize(loss: Loss): SerializedObject {
  if (loss instanceof FunctionLoss)
    return { module: "builtins", class_name: "function", config: registeredName(loss.fn) ?? loss.fn.name, registered_name: "function" };
  return lossRegistry.serialize(loss);
}
/** The loss that Keras's JSON describes. */
export function deserialize(json: string | SerializedObject, customObjects: CustomObjects = {}): Loss {
  return get(json, customObjects);
}
