/** Files in the origin's private file system: folders that only this site sees. */
import { ValueError } from "../../errors.ts";
import { notHere, type Place } from "./place.ts";

/** What lib.dom knows under a newer name only. */
type Folder = FileSystemDirectoryHandle & { entries(): AsyncIterable<[string, FileSystemHandle]> };

async function root(): Promise<Folder> {
  const storage = (globalThis as { navigator?: { storage?: StorageManager } }).navigator?.storage;
  if (typeof storage?.getDirectory !== "function")
    throw notHere("opfs", "private file system of an origin", "browsers, in pages of https:// or localhost");
  return await storage.getDirectory();
}

/** The folder of a path and the name in it; null where there is no such folder. */
async function find(path: string, create: boolean): Promise<{ readonly folder: Folder; readonly name: string } | null> {
  const parts = path.split("/");
  const name = parts.pop()!;
  if (name === "" || parts.includes("") || [...parts, name].some((part) => part === "." || part === "..")) {
    throw new ValueError({ where: "opfs://", problem: "this is no path of a file", expected: "opfs://folder/name", received: path });
  }
  let folder = await root();
  for (const part of parts) {
    const next = await absent(folder.getDirectoryHandle(part, { create }));
    if (next === null) return null;
    folder = next;
  }
  return { folder, name };
}

/** Null for what is not there. */
async function absent<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof DOMException && (error.name === "NotFoundError" || error.name === "TypeMismatchError")) return null;
    throw error;
  }
}

async function fileAt(path: string): Promise<File | null> {
  const found = await find(path, false);
  const handle = found === null ? null : await absent(found.folder.getFileHandle(found.name));
  return handle === null ? null : await handle.getFile();
}

/** `opfs://folder/name` */
export const opfs: Place = {
  read: async (path) => {
    const file = await fileAt(path);
    return file === null ? null : new Uint8Array(await file.arrayBuffer());
  },
  write: async (path, parts) => {
    const { folder, name } = (await find(path, true))!;
    const handle = await folder.getFileHandle(name, { create: true });
    // What is written goes to another file, which takes the place of this one when it is closed.
    const stream = await handle.createWritable();
    try {
      for (const part of parts) await stream.write(part as Uint8Array<ArrayBuffer>);
    } catch (error) {
      await stream.abort();
      throw error;
    }
    await stream.close();
  },
  list: async () => {
    const found: { name: string; bytes: number; savedAt: Date }[] = [];
    const visit = async (folder: Folder, prefix: string): Promise<void> => {
      for await (const [name, handle] of folder.entries()) {
        if (handle.kind === "directory") await visit(handle, `${prefix}${name}/`);
        else {
          const file = await handle.getFile();
          found.push({ name: prefix + name, bytes: file.size, savedAt: new Date(file.lastModified) });
        }
      }
    };
    await visit(await root(), "");
    return found;
  },
  remove: async (path) => {
    const found = await find(path, false);
    if (found === null || (await absent(found.folder.getFileHandle(found.name))) === null) return false;
    await found.folder.removeEntry(found.name);
    return true;
  },
};
