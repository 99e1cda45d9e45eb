/** Names of what is being built, outermost first, so that an error can name the layer or operation the user wrote. */

const names: string[] = [];
let joined = "";

/** Runs `build` with `name` appended to the scope. */
export function withScope<T>(name: string, build: () => T): T {
  names.push(name);
  const before = joined;
  joined = joined === "" ? name : `${joined}/${name}`;
  try {
    return build();
  } finally {
    names.pop();
    joined = before;
  }
}

/** `model/Dense "head"`, or the empty string outside any scope. */
export function currentScope(): string {
  return joined;
}
