/** What a program holds only where something that it imports gives it. */
import { StateError } from "../errors.ts";

/**
 * An implementation that stands behind a public method and is given from outside: by importing "nabla", or by a function
 * that bundles of "nabla/core" call. What is loaded when it is first used, and may wait for it, is a Part instead.
 *
 * @example
 * export const tables: Provided<Tables> = new Provided("tables", 'import { registerTables } from "nabla/core" and call it');
 */
export class Provided<M> {
  readonly #what: string;
  readonly #how: string;
  #given: M | undefined;

  /** `what` it is, in the plural; `how` a bundle asks for it. */
  constructor(what: string, how: string) {
    this.#what = what;
    this.#how = how;
  }

  /** Gives it. */
  provide(given: M): void {
    this.#given = given;
  }

  /** It. Throws StateError where nobody gave it. */
  get(where: string): M {
    if (this.#given !== undefined) return this.#given;
    throw new StateError({ where, problem: `${this.#what} are not part of this program`, advice: `${this.#how}, or import from "nabla"` });
  }
}
