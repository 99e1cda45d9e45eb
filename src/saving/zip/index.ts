/** Zip archives. */
export { crc32 } from "./crc32.ts";
export { inflateBounded } from "./inflate.ts";
export { isZip, ZipArchive } from "./read-zip.ts";
export { writeZip, type ZipContent, type ZipOptions } from "./write-zip.ts";
