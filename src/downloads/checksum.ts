/** Checksums of files. */
import { md5 } from "./md5.ts";

/** The digest that a file must have, in hexadecimal digits: `sha256:...` or `md5:...`. */
export type Checksum = `sha256:${string}` | `md5:${string}`;

/** Whether bytes have a checksum. */
export async function hasChecksum(bytes: Uint8Array, checksum: Checksum): Promise<boolean> {
  const [algorithm, digits] = checksum.split(":") as [string, string];
  return (algorithm === "md5" ? md5(bytes) : await sha256(bytes)) === digits.toLowerCase();
}

/** SHA-256 (FIPS 180-4) as 64 hexadecimal digits. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
