/** Environment variables, where there are any. */

/** Value of an environment variable; undefined in browsers and where it is not set. */
export function environmentVariable(name: string): string | undefined {
  const host = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const value = host.process?.env?.[name];
  return value === "" ? undefined : value;
}
