/** What nested layer calls inherit from the outer ones: the training flag, and names for the paths of weights. */

let training: boolean | null = null;
let observer: ((layer: object, outputs: unknown) => void) | null = null;
const names: string[] = [];

/** The training flag of the outer call: null where no outer call set one. */
export function contextTraining(): boolean | null {
  return training;
}

/** Runs `f` with a training flag that nested calls inherit. */
export function withTraining<T>(flag: boolean | null, f: () => T): T {
  const before = training;
  training = flag;
  try {
    return f();
  } finally {
    training = before;
  }
}

/** Runs `f` with `name` appended to the path of weights made inside. */
export function withPath<T>(name: string, f: () => T): T {
  names.push(name);
  try {
    return f();
  } finally {
    names.pop();
  }
}

/** Path of a weight made now: `lenet/c1/kernel`. */
export function pathOf(name: string): string {
  return [...names, name].join("/");
}

/** Name of the innermost layer that is being called or built; undefined outside. */
export function innermostName(): string | undefined {
  return names.at(-1);
}

/** Runs `f` and tells `observe` what every layer that is called inside gives, inner layers first. */
export function withObserver<T>(observe: (layer: object, outputs: unknown) => void, f: () => T): T {
  const before = observer;
  observer = observe;
  try {
    return f();
  } finally {
    observer = before;
  }
}

/** Tells whoever observes what a layer gave. */
export function observed(layer: object, outputs: unknown): void {
  observer?.(layer, outputs);
}
