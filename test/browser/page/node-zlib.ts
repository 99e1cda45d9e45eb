/** gunzip in a page. */
import { gunzipSync as gunzip } from "fflate";

/** Bytes that give their text as a Buffer does. */
class BufferBytes extends Uint8Array<ArrayBuffer> {
  override toString(): string {
    return new TextDecoder().decode(this);
  }
}

/** The content of a gzipped file. */
export function gunzipSync(bytes: Uint8Array): BufferBytes {
  const content = gunzip(bytes);
  const copy = new BufferBytes(content.length);
  copy.set(content);
  return copy;
}
