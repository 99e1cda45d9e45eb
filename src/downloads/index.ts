/** Published files, fetched once. */
export { type Checksum, hasChecksum, sha256 } from "./checksum.ts";
export { DownloadError, fetchFile, type PublishedFile } from "./download.ts";
export { type DownloadProgress, progressBar } from "./progress.ts";
