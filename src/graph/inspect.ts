/** How Node and Deno print objects (`console.log`). */

/** Makes `console.log` print what `toString` of the objects of a class says; to be called on its prototype. */
export function printsAsText(prototype: object): void {
  Object.defineProperty(prototype, Symbol.for("nodejs.util.inspect.custom"), {
    value(this: object): string {
      // eslint-disable-next-line @typescript-eslint/no-base-to-string -- which class it is says the caller
      return String(this);
    },
  });
}
