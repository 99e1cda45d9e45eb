/** Byte-pair encoding: which symbols are merged. */

/** A merge of two symbols, by their characters. */
export type Merge = readonly [left: string, right: string];

/** Pairs by how often they occur, the most frequent first; among equals the one whose symbols are older. */
class PairQueue {
  readonly #heap: { readonly key: number; readonly count: number }[] = [];

  push(key: number, count: number): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push({ key, count });
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): { readonly key: number; readonly count: number } | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || heap.length === 0) return first;
    heap[0] = last!;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const child = left + 1 < heap.length && this.#before(left + 1, left) ? left + 1 : left;
      if (!this.#before(child, at)) break;
      this.#swap(child, at);
      at = child;
    }
    return first;
  }

  #before(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a]!, this.#heap[b]!];
    return x.count > y.count || (x.count === y.count && x.key < y.key);
  }

  #swap(a: number, b: number): void {
    [this.#heap[a], this.#heap[b]] = [this.#heap[b]!, this.#heap[a]!];
  }
}

/** More symbols than any vocabulary has: a pair is one number. */
const base = 2 ** 22;

/**
 * Merges the most frequent pair of neighbouring symbols again and again, until there are `most` merges or no pair occurs
 * `least` times. P. Gage, "A new algorithm for data compression", 1994; R. Sennrich, B. Haddow, A. Birch, "Neural machine
 * translation of rare words with subword units", 2016. `words`: how often each word (a text of single-character symbols)
 * occurs. Only what a merge touches is counted anew.
 */
export function trainMerges(words: ReadonlyMap<string, number>, alphabet: readonly string[], most: number, least: number): Merge[] {
  const symbols = [...alphabet];
  const idOf = new Map(symbols.map((symbol, id) => [symbol, id]));
  const texts: { ids: number[]; readonly count: number }[] = [];
  for (const [word, count] of words) texts.push({ ids: Array.from(word, (character) => idOf.get(character)!), count });
  const counts = new Map<number, number>();
  const places = new Map<number, Set<number>>();
  const add = (key: number, amount: number, place: number): void => {
    counts.set(key, (counts.get(key) ?? 0) + amount);
    if (amount <= 0) return;
    const known = places.get(key);
    if (known === undefined) places.set(key, new Set([place]));
    else known.add(place);
  };
  const count = ({ ids, count: times }: (typeof texts)[number], sign: number, place: number, touched?: Set<number>): void => {
    for (let i = 0; i + 1 < ids.length; i++) {
      const key = ids[i]! * base + ids[i + 1]!;
      add(key, sign * times, place);
      touched?.add(key);
    }
  };
  texts.forEach((text, place) => count(text, 1, place));
  const queue = new PairQueue();
  for (const [key, times] of counts) queue.push(key, times);
  const merges: Merge[] = [];
  while (merges.length < most) {
    const best = queue.pop();
    if (best === undefined || best.count < least) break;
    // A count that has changed since was pushed again.
    if (counts.get(best.key) !== best.count) continue;
    const left = Math.floor(best.key / base);
    const right = best.key % base;
    merges.push([symbols[left]!, symbols[right]!]);
    const joined = symbols[left]! + symbols[right]!;
    // Two ways may lead to the same symbol.
    let merged = idOf.get(joined);
    if (merged === undefined) {
      merged = symbols.length;
      symbols.push(joined);
      idOf.set(joined, merged);
    }
    const touched = new Set<number>();
    for (const place of places.get(best.key) ?? []) {
      const text = texts[place]!;
      count(text, -1, place, touched);
      text.ids = mergedIds(text.ids, left, right, merged);
      count(text, 1, place, touched);
    }
    places.delete(best.key);
    counts.delete(best.key);
    touched.delete(best.key);
    for (const key of touched) {
      const times = counts.get(key)!;
      if (times > 0) queue.push(key, times);
      else counts.delete(key);
    }
  }
  return merges;
}

function mergedIds(ids: readonly number[], left: number, right: number, merged: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === left && ids[i + 1] === right) {
      result.push(merged);
      i++;
    } else result.push(ids[i]!);
  }
  return result;
}
