/** Streams of batches that another thread reads. */
import { isDataset } from "../data/dataset-brand.ts";
import { StateError } from "../errors.ts";
import { isStream } from "../models/batches.ts";
import { pack } from "./pack-data.ts";

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

/** Streams by number, and the passes over them that are going on. */
export class StreamSources {
  readonly #streams = new Map<number, unknown>();
  readonly #passes = new Map<number, AnyIterator>();
  #next = 0;

  /** Keeps a stream and gives its number; null for what is none. */
  add(stream: unknown): { readonly stream: number; readonly repeats: boolean } | null {
    if (!isStream(stream)) return null;
    const number = this.#next++;
    this.#streams.set(number, stream);
    return { stream: number, repeats: typeof stream === "function" || isDataset(stream) };
  }

  /** Forgets a stream. */
  remove(number: number): void {
    this.#streams.delete(number);
  }

  /** Begins a pass. */
  open(number: number): number {
    const source = this.#streams.get(number);
    if (source === undefined) throw new StateError({ where: "worker", problem: "the stream of batches is closed" });
    const made: unknown = typeof source === "function" ? (source as () => unknown)() : source;
    const pass = this.#next++;
    this.#passes.set(pass, iteratorOf(made));
    return pass;
  }

  /** The next batch of a pass, packed; null at the end. */
  async pull(pass: number): Promise<{ readonly value: { readonly batch: unknown } | null; readonly transfer?: ArrayBuffer[] }> {
    const iterator = this.#passes.get(pass);
    const next = iterator === undefined ? { done: true, value: undefined } : await iterator.next();
    if (next.done === true) {
      this.#passes.delete(pass);
      return { value: null };
    }
    const { value, transfer } = await pack("worker: a batch", next.value);
    return { value: { batch: value }, transfer };
  }

  /** Ends a pass before its end. */
  async close(pass: number): Promise<void> {
    const iterator = this.#passes.get(pass);
    this.#passes.delete(pass);
    await iterator?.return?.();
  }
}

function iteratorOf(made: unknown): AnyIterator {
  const iterable = made as { [Symbol.asyncIterator]?: () => AnyIterator; [Symbol.iterator]?: () => AnyIterator };
  return iterable[Symbol.asyncIterator]?.() ?? iterable[Symbol.iterator]?.() ?? (made as AnyIterator);
}
