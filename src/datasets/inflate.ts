/** Decompression with what every host has. */
import { ValueError } from "../errors.ts";

/** Bytes of a base64 text that holds zlib data. */
export async function inflate(base64: string): Promise<Uint8Array> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return await decompress("packed data", bytes, "deflate");
}

/** Bytes of gzip data. Throws ValueError, naming `what`, where it is broken. */
export async function gunzip(what: string, bytes: Uint8Array): Promise<Uint8Array> {
  return await decompress(what, bytes, "gzip");
}

async function decompress(what: string, bytes: Uint8Array, format: CompressionFormat): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream(format));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw new ValueError({
      where: "datasets",
      problem: `${what} cannot be decompressed`,
      expected: `${format} data`,
      received: (error as Error).message,
      advice: "download the file again",
    });
  }
}
