/** What suites take from Node to find a device there. A page never calls it. */

function notHere(): never {
  throw new Error("this is a page, not Node");
}

export const createRequire: () => never = notHere;
export const dirname: () => never = notHere;
export const join: () => never = notHere;
