/** How far a download is, on the terminal. */
import { platform } from "../platform/index.ts";

/** Bytes that have come, and how many there are (null where the server does not say). */
export type DownloadProgress = (loaded: number, total: number | null) => void;

interface ErrorStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** A bar that is drawn anew on a terminal, at most ten times a second; elsewhere one line at the start and one at the end. */
export function progressBar(name: string): DownloadProgress {
  const stream = (globalThis as { process?: { stderr?: ErrorStream } }).process?.stderr;
  let last = -Infinity;
  let begun = false;
  return (loaded, total) => {
    const done = total !== null && loaded >= total;
    if (stream?.isTTY !== true) {
      if (!begun) platform.report(`Downloading ${name}${total === null ? "" : ` (${megabytes(total)})`} ...`);
      begun = true;
      return;
    }
    const now = performance.now();
    if (!done && now - last < 100) return;
    last = now;
    const share = total === null || total === 0 ? 0 : Math.min(1, loaded / total);
    const bar = "━".repeat(Math.round(20 * share)).padEnd(20, " ");
    const amount = total === null ? megabytes(loaded) : `${megabytes(loaded)} of ${megabytes(total)}`;
    stream.write(`\r${name}  ${bar}  ${amount} ${done ? "\n" : ""}`);
  };
}
