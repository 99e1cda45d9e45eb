/** Looking at what kernels are multiplied with, while a model runs for it. */
import type { Tensor } from "../../graph/index.ts";

type Watch = (layer: object, x: Tensor) => void;

let watcher: Watch | null = null;

/** Runs `f` and tells `watch` what every layer with a kernel is given inside. */
export function watchingInputs<T>(watch: Watch, f: () => T): T {
  const before = watcher;
  watcher = watch;
  try {
    return f();
  } finally {
    watcher = before;
  }
}

/** Tells whoever watches what a layer was given. */
export function inputWatched(layer: object, x: Tensor): void {
  watcher?.(layer, x);
}
