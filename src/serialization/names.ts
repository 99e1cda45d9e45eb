/** Names: Keras's snake_case and nabla's camelCase, converted mechanically, in one place. */

/** camelCase names whose snake_case has an underscore before a digit. */
const numbered: Readonly<Record<string, string>> = {
  beta1: "beta_1",
  beta2: "beta_2",
  beta2Decay: "beta_2_decay",
  epsilon1: "epsilon_1",
  epsilon2: "epsilon_2",
  adamBeta1: "adam_beta_1",
  adamBeta2: "adam_beta_2",
};

/** `learning_rate` -> `learningRate`, `beta_1` -> `beta1`. */
export function camelCase(name: string): string {
  return name.replace(/(?<=[^_])_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `learningRate` -> `learning_rate`, `beta1` -> `beta_1`. Inverse of `camelCase` on the names of Keras's options. */
export function snakeCase(name: string): string {
  return numbered[name] ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Keras's `to_snake_case` of a class name: `MeanSquaredError` -> `mean_squared_error`, `KLDivergence` -> `kl_divergence`. */
export function snakeCaseOfClass(className: string): string {
  return className
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** An object with every key in camelCase; values untouched. */
export function camelCaseKeys(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [camelCase(key), value]));
}

/** An object with every key in snake_case; values untouched. Entries that are undefined are left out. */
export function snakeCaseKeys(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [snakeCase(key), value]),
  );
}
