/** Names of layers nobody named: `dense`, `dense_1`, `dense_2`, as Keras counts them. */
import { snakeCaseOfClass } from "../serialization/index.ts";

const counts = new Map<string, number>();

/** The next free name of a class: its snake_case, then with `_1`, `_2`, ... appended. */
export function autoName(className: string): string {
  const prefix = snakeCaseOfClass(className);
  const count = counts.get(prefix) ?? 0;
  counts.set(prefix, count + 1);
  return count === 0 ? prefix : `${prefix}_${count}`;
}

/** Starts counting anew, as `keras.utils.clear_session` does. Names given before stay as they are. */
export function resetAutoNames(): void {
  counts.clear();
}
