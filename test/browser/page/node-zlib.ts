/** gunzip in a page. */
import { gunzipSync as gunzip } from "fflate";

/** The text of a gzipped file, as a Buffer gives it. */
export function gunzipSync(bytes: Uint8Array): { toString(encoding: "utf8"): string } {
  const text = new TextDecoder().decode(gunzip(bytes));
  return { toString: () => text };
}
