/** Places that keep files under names: what browsers have in the place of folders. */
import { BackendError, nearestNames, UnknownNameError, ValueError } from "../../errors.ts";

/** What is known of a kept file. */
export interface StoredFile {
  /** How `loadModel` finds it: `indexeddb://mine.keras`. */
  readonly url: string;
  readonly bytes: number;
  readonly savedAt: Date;
}

/** A place that files are kept in, or sent to. */
export interface Place {
  /** The bytes of a file; null where there is none of this name. Null instead of the function: nothing can be read here. */
  readonly read: ((name: string) => Promise<Uint8Array | null>) | null;
  /** Replaces a file at once: whoever reads it sees the old bytes or the new ones. */
  readonly write: (name: string, parts: readonly Uint8Array[]) => Promise<void>;
  /** Null: nothing is kept here. */
  readonly list: (() => Promise<readonly { readonly name: string; readonly bytes: number; readonly savedAt: Date }[]>) | null;
  /** Removes a file; false where there is none of this name. */
  readonly remove: ((name: string) => Promise<boolean>) | null;
}

/** An error that says which host has the place. */
export function notHere(scheme: string, what: string, where = "browsers"): BackendError {
  return new BackendError({
    where: `${scheme}://`,
    problem: `there is no ${what} here`,
    expected: where,
    advice: "give a path where files and folders are, or { name, read() } and { name, write(parts) } of your own",
  });
}

/** `scheme://name` in its parts; null for paths and for URLs of files and the web. */
export function placeName(url: string): { readonly scheme: string; readonly name: string } | null {
  const match = /^([a-z][a-z0-9+.-]+):\/\/(.*)$/is.exec(url);
  if (match === null || ["http", "https", "file", "blob"].includes(match[1]!.toLowerCase())) return null;
  return { scheme: match[1]!.toLowerCase(), name: match[2]! };
}

/** The place of a scheme. Throws UnknownNameError for others, ValueError where there is no name after it. */
export function placeOf(
  where: string,
  url: string,
  places: Readonly<Record<string, Place>>,
): { readonly place: Place; readonly name: string } {
  const { scheme, name } = placeName(url) ?? { scheme: "", name: "" };
  const place = places[scheme];
  if (place === undefined) {
    const near = nearestNames(scheme, Object.keys(places));
    throw new UnknownNameError({
      where,
      problem: "there is no such place for files",
      expected: Object.keys(places)
        .map((known) => `${known}://`)
        .join(", "),
      received: url,
      ...(near.length > 0 ? { advice: `perhaps ${near[0]!}://` } : {}),
    });
  }
  if (name === "") throw new ValueError({ where, problem: "the file has no name", expected: `${scheme}://name`, received: url });
  return { place, name };
}
