/** The scopes that are open: a layer asks here when it is made, and loads nothing of rematerialization. */
import type { RematScope } from "./remat-scope.ts";

/** The open scopes, the innermost last. */
export const rematScopes: { open: readonly RematScope[] } = { open: [] };

/** The innermost open scope; null where none is open, or it is one that turns rematerialization off. */
export function currentRematScope(): RematScope | null {
  const scope = rematScopes.open.at(-1) ?? null;
  return scope?.mode === null ? null : scope;
}
