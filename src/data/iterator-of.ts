/** Whatever can be iterated over. Apart from the class Dataset, so that training without one does not carry it. */
import { ValueError } from "../errors.ts";

/** An iterator of a source; throws ValueError for what cannot be iterated over. */
export function iteratorOf(where: string, source: unknown): Iterator<unknown> | AsyncIterator<unknown> {
  const made: unknown = typeof source === "function" ? (source as () => unknown)() : source;
  if (typeof made === "object" && made !== null) {
    if (Symbol.asyncIterator in made) return (made as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (Symbol.iterator in made) return (made as Iterable<unknown>)[Symbol.iterator]();
    if ("next" in made && typeof made.next === "function") return made as unknown as Iterator<unknown>;
  }
  throw new ValueError({
    where,
    problem: "this cannot be iterated over",
    expected: "a generator function, a generator, or an object with [Symbol.iterator] or [Symbol.asyncIterator]",
    received: made === null ? "null" : typeof made,
  });
}
