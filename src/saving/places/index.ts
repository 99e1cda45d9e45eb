/** Where models can be kept beside files: the browser's storage, the user's downloads, servers. */
import { ValueError } from "../../errors.ts";
import { downloads } from "./downloads.ts";
import { indexedDb } from "./indexed-db.ts";
import { opfs } from "./opfs.ts";
import { type Place, placeName, placeOf, type StoredFile } from "./place.ts";

export { http, type HttpOptions } from "./http.ts";
export type { StoredFile } from "./place.ts";

/** Places by the scheme of their URLs. */
const places: Readonly<Record<string, Place>> = { indexeddb: indexedDb, opfs, downloads };

/** Whether a text names a file in a place (`indexeddb://mine`), not a path or a URL of the web. */
export function isPlace(url: string): boolean {
  return placeName(url) !== null;
}

/** Reads a file in a place. Throws ValueError where there is none. */
export async function readPlace(where: string, url: string): Promise<Uint8Array> {
  const { place, name } = placeOf(where, url, places);
  if (place.read === null) {
    throw new ValueError({
      where,
      problem: "nothing can be read from here",
      received: url,
      advice: 'let the user choose a file: <input type="file"> gives a File, which loadModel takes',
    });
  }
  const bytes = (await place.read(name)) ?? (await place.read(withEnding(name)));
  if (bytes !== null) return bytes;
  throw new ValueError({ where, problem: "there is no such file", received: url, advice: "await listModels() says what there is" });
}

/** Writes a file in a place. */
export async function writePlace(where: string, url: string, parts: readonly Uint8Array[]): Promise<void> {
  const { place, name } = placeOf(where, url, places);
  await place.write(withEnding(name), parts);
}

/** Whether there is a file of this name. */
export async function inPlace(where: string, url: string): Promise<boolean> {
  const { place, name } = placeOf(where, url, places);
  const ending = withEnding(name);
  return place.list !== null && (await place.list()).some((file) => file.name === ending);
}

/** A name without an ending is that of a `.keras` file. */
export function withEnding(name: string): string {
  return /\.[a-z0-9]+$/i.test(name) ? name : `${name}.keras`;
}

/**
 * Files that this site keeps in the browser (IndexedDB, and the origin's private file system where there is one), by URL.
 *
 * @example
 * await model.save("indexeddb://digits");
 * await listModels(); // { "indexeddb://digits.keras": { url: ..., bytes: 26424, savedAt: ... } }
 */
export async function listModels(): Promise<Record<string, StoredFile>> {
  const found: Record<string, StoredFile> = {};
  for (const [scheme, place] of Object.entries(places)) {
    if (place.list === null || (scheme === "opfs" && !hasOpfs())) continue;
    for (const { name, bytes, savedAt } of await place.list())
      found[`${scheme}://${name}`] = { url: `${scheme}://${name}`, bytes, savedAt };
  }
  return found;
}

function hasOpfs(): boolean {
  return typeof (globalThis as { navigator?: { storage?: { getDirectory?: unknown } } }).navigator?.storage?.getDirectory === "function";
}

/** Removes a file that this site keeps. Throws ValueError where there is none of this name. */
export async function removeModel(url: string): Promise<void> {
  const where = "removeModel";
  const { place, name } = placeOf(where, url, places);
  if (place.remove === null) throw new ValueError({ where, problem: "nothing is kept here", received: url });
  if ((await place.remove(name)) || (await place.remove(withEnding(name)))) return;
  throw new ValueError({ where, problem: "there is no such file", received: url, advice: "await listModels() says what there is" });
}

/** Copies a kept file, also into another place (`downloads://` lets the user have it). Throws ValueError where there is none. */
export async function copyModel(from: string, to: string): Promise<void> {
  await writePlace("copyModel", to, [await readPlace("copyModel", from)]);
}

/** `copyModel`, then removes the file it came from. */
export async function moveModel(from: string, to: string): Promise<void> {
  if (from === to) return;
  await copyModel(from, to);
  await removeModel(from);
}
