/** Parts of nabla that many programs never need: in a bundle they are files of their own, loaded when they are first used. */
import { BackendError } from "../errors.ts";

/** What `Part.get` throws where the part is not there yet. It is meant for `withParts`, which loads the part and tries again. */
export class PartMissing extends Error {
  /** Loads the part. */
  readonly load: () => Promise<void>;

  constructor(load: () => Promise<void>) {
    super("a part of nabla is not loaded");
    this.load = load;
  }
}

/**
 * A module that is imported when it is first used, or given at once where everything is wanted (the package root, tests).
 *
 * @example
 * export const sorts: Part<typeof import("./lower-sort.ts")> = new Part(() => import("./lower-sort.ts"));
 */
export class Part<M> {
  #load: (() => Promise<M>) | undefined;
  #module: M | undefined;

  /** Without `load`, `loadBy` says it before the part is first used. */
  constructor(load?: () => Promise<M>) {
    this.#load = load;
  }

  /**
   * Says how the part is loaded, from outside of what the part itself imports: vite's bundler shares files less well between
   * a program and a part that can load itself.
   */
  loadBy(load: () => Promise<M>): void {
    this.#load = load;
  }

  /** The module. Throws PartMissing where it is not loaded. */
  get(): M {
    if (this.#module === undefined) {
      throw new PartMissing(async () => {
        try {
          this.#module = await this.#load!();
        } catch (error) {
          throw new BackendError({
            where: "nabla",
            problem: "a part of the program could not be loaded",
            received: String(error),
            advice: "serve all files of the bundle, or import all parts at once, as the package root does",
          });
        }
      });
    }
    return this.#module;
  }

  /** Gives the module, which then is never loaded. */
  provide(module: M): void {
    this.#module = module;
  }
}

/**
 * The result of `make`. Where it misses parts, a promise: they are loaded, one after another, and `make` starts again each
 * time, so that it must not leave anything behind when it throws. Throws BackendError where a part cannot be loaded.
 */
export function withParts<T>(make: () => T): T | Promise<T> {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof PartMissing)) throw error;
    return error.load().then(() => withParts(make));
  }
}
