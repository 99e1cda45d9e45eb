/** gunzip in a page. */
import { gunzipSync as gunzip } from "fflate";

/** The content of a gzipped file; `toString` gives its text, as that of a Buffer does. */
export function gunzipSync(bytes: Uint8Array): Uint8Array {
  const content = gunzip(bytes);
  Object.defineProperty(content, "toString", { value: () => new TextDecoder().decode(content) });
  return content;
}
