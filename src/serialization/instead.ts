/** Advice for names of Keras that mean nothing here: where names are registered, it is too (not-here.ts). */
let given: Readonly<Record<string, string>> = {};

/** Gives the advice, by class name. */
export function provideInstead(advice: Readonly<Record<string, string>>): void {
  given = advice;
}

/** What to do where Keras's class of this name does not exist here; undefined for other names. */
export function insteadOf(className: string): string | undefined {
  return Object.hasOwn(given, className) ? given[className] : undefined;
}
