/** Files on the web, with progress. */
import { BackendError } from "../../errors.ts";
import { checkOptions } from "../../serialization/index.ts";
import type { ReadableFile, WritableFile } from "../source.ts";

/** Options of `http`. */
export interface HttpOptions {
  /** Called as bytes arrive; `total` is null where the server does not tell, or compresses. */
  readonly onProgress?: (received: number, total: number | null) => void;
  /** Headers, credentials, signal, method, ... of `fetch`. Default method: GET to read, POST to write. */
  readonly requestInit?: RequestInit;
}

/**
 * A file on the web: read with GET while `onProgress` is told, written with POST (or the method of `requestInit`). Throws
 * BackendError where the server refuses.
 *
 * @example
 * const model = await loadModel(http("https://example.org/model.keras", { onProgress: (received, total) => bar.set(received / total) }));
 */
export function http(url: string | URL, options: HttpOptions = {}): ReadableFile & WritableFile {
  checkOptions("http", options, ["onProgress", "requestInit"]);
  const name = String(url);
  const ask = async (init: RequestInit): Promise<Response> => {
    let response: Response;
    try {
      response = await fetch(url, { ...init, ...options.requestInit });
    } catch (error) {
      if (options.requestInit?.signal?.aborted === true) throw error;
      throw refused(name, error instanceof Error ? error.message : String(error));
    }
    if (response.ok) return response;
    throw refused(name, `${response.status} ${response.statusText}`.trim());
  };
  return {
    name,
    read: async () => {
      const response = await ask({});
      const { onProgress } = options;
      if (onProgress === undefined || response.body === null) return new Uint8Array(await response.arrayBuffer());
      // The length of what is sent is not that of what arrives where it is compressed on its way.
      const length = response.headers.get("Content-Encoding") === null ? response.headers.get("Content-Length") : null;
      return await collected(response.body, length === null ? null : Number(length), onProgress);
    },
    write: async (parts) => {
      await ask({ method: "POST", body: new Blob(parts as readonly BlobPart[] as BlobPart[], { type: "application/octet-stream" }) });
    },
  };
}

async function collected(
  body: ReadableStream<Uint8Array>,
  total: number | null,
  onProgress: NonNullable<HttpOptions["onProgress"]>,
): Promise<Uint8Array> {
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let received = 0;
  onProgress(0, total);
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value);
    received += next.value.length;
    onProgress(received, total);
  }
  const bytes = new Uint8Array(received);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function refused(url: string, reason: string): BackendError {
  return new BackendError({
    where: "http",
    problem: "the file could not be had",
    received: `${url}: ${reason}`,
    advice:
      "check the address; a server of another origin must allow it (Access-Control-Allow-Origin, and Cross-Origin-Resource-Policy in isolated pages)",
  });
}
