/** Files in IndexedDB: kept by the browser for this site, seen by its pages and workers. */
import { BackendError } from "../../errors.ts";
import { notHere, type Place } from "./place.ts";

const databaseName = "nabla";
const storeName = "files";

interface Entry {
  readonly blob: Blob;
  readonly savedAt: Date;
}

function opened(): Promise<IDBDatabase> {
  if (typeof indexedDB === "undefined") return Promise.reject(notHere("indexeddb", "IndexedDB"));
  const request = indexedDB.open(databaseName, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(storeName);
  return finished(request);
}

function finished<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(failure(request.error));
  });
}

function failure(error: DOMException | null): BackendError {
  const full = error?.name === "QuotaExceededError";
  return new BackendError({
    where: "indexeddb://",
    problem: full ? "the browser gives this site no more room" : "the browser's database failed",
    received: error === null ? "no reason" : `${error.name}: ${error.message}`,
    ...(full ? { advice: "remove models (removeModel), or ask for more with navigator.storage.persist()" } : {}),
  });
}

async function within<T>(mode: IDBTransactionMode, use: (store: IDBObjectStore) => Promise<T>): Promise<T> {
  const database = await opened();
  try {
    const transaction = database.transaction(storeName, mode);
    const ended = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(failure(transaction.error));
    });
    const [result] = await Promise.all([use(transaction.objectStore(storeName)), ended]);
    return result;
  } finally {
    database.close();
  }
}

/** `indexeddb://name` */
export const indexedDb: Place = {
  read: async (name) => {
    const entry = await within("readonly", (store) => finished(store.get(name) as IDBRequest<Entry | undefined>));
    return entry === undefined ? null : new Uint8Array(await entry.blob.arrayBuffer());
  },
  write: (name, parts) => {
    const entry: Entry = { blob: new Blob(parts as readonly BlobPart[] as BlobPart[]), savedAt: new Date() };
    return within("readwrite", async (store) => void (await finished(store.put(entry, name))));
  },
  list: () =>
    within("readonly", async (store) => {
      const [keys, entries] = await Promise.all([finished(store.getAllKeys()), finished(store.getAll() as IDBRequest<Entry[]>)]);
      return entries.map(({ blob, savedAt }, i) => ({ name: keys[i] as string, bytes: blob.size, savedAt }));
    }),
  remove: (name) =>
    within("readwrite", async (store) => {
      const [count] = await Promise.all([finished(store.count(name)), finished(store.delete(name))]);
      return count > 0;
    }),
};
