/** Fixtures in a page: fetched before the suites are imported, then read as Node reads files. */

const files = new Map<string, Uint8Array>();

/** Fetches files of test/fixtures. `readFileSync` finds them by the end of their path. */
export async function fetchFixtures(paths: readonly string[]): Promise<void> {
  await Promise.all(
    paths.map(async (path) => {
      const response = await fetch(`fixtures/${path}`);
      if (!response.ok) throw new Error(`${path}: ${response.status}`);
      files.set(path, new Uint8Array(await response.arrayBuffer()));
    }),
  );
}

/** The bytes of a fixture. */
export function readFileSync(url: URL): Uint8Array {
  const path = url.pathname.replace(/^.*\/fixtures\//, "");
  const bytes = files.get(path);
  if (bytes === undefined) throw new Error(`the page did not fetch ${path}`);
  return bytes;
}

/** A page has no files: false. */
export function existsSync(_path: string): boolean {
  return false;
}
