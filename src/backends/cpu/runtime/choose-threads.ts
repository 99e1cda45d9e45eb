/** How many threads a CPU back-end takes. */
import { BackendError } from "../../../errors.ts";
import { type Platform, platform } from "../../../platform/index.ts";

/** What bounds the number of threads. */
export interface ThreadBounds {
  /** Names the back-end in errors. */
  readonly where: string;
  /** Most threads at all. */
  readonly most: number;
  /** Most threads that are taken where nobody asks for a number. */
  readonly usual: number;
}

// One by one: what a page's platform has is in a bundle only where it is named.
const thisHost: Pick<Platform, "concurrency" | "environment"> = {
  concurrency: () => platform.concurrency(),
  environment: (name) => platform.environment(name),
};

/** Threads to use: `wanted`, else NABLA_THREADS, else the hardware's within bounds. Throws BackendError for nonsense. */
export function chooseThreads(
  wanted: number | undefined,
  bounds: ThreadBounds,
  host: Pick<Platform, "concurrency" | "environment"> = thisHost,
): number {
  const text = host.environment("NABLA_THREADS");
  const chosen = wanted ?? (text === undefined ? Math.min(host.concurrency(), bounds.usual) : Number(text));
  if (!Number.isInteger(chosen) || chosen < 1) {
    throw new BackendError({
      where: bounds.where,
      problem: "the number of threads makes no sense",
      expected: `a whole number from 1 to ${bounds.most}`,
      received: wanted === undefined ? `NABLA_THREADS=${text ?? ""}` : String(wanted),
    });
  }
  return Math.min(chosen, bounds.most);
}
