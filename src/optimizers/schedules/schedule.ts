/** What learning rate schedules share. */
import type { Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { asTensor } from "../../ops/as-tensor.ts";
import { castTo } from "../../ops/promote.ts";
import { type CustomObjects, KerasObject, Registry, type SerializedObject } from "../../serialization/index.ts";

/** A learning rate that follows the number of steps taken: `schedule(step)`. */
export abstract class LearningRateSchedule extends KerasObject {
  abstract override call(step: TensorLike): Tensor;
}

/** A step as a float. */
export function stepOf(step: TensorLike): Tensor {
  return castTo(asTensor(step), "float32");
}

/** Every known schedule. */
export const scheduleRegistry: Registry<LearningRateSchedule> = /* @__PURE__ */ new Registry<LearningRateSchedule>(
  "learning rate schedule",
  "keras.optimizers.schedules",
);

/** Keras's JSON of a schedule. */
export function serialize(schedule: LearningRateSchedule): SerializedObject {
  return scheduleRegistry.serialize(schedule);
}
/** The schedule that Keras's JSON describes. */
export function deserialize(json: string | SerializedObject, customObjects: CustomObjects = {}): LearningRateSchedule {
  return scheduleRegistry.deserialize(json, customObjects);
}
