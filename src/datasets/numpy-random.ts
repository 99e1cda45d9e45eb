/** NumPy's legacy random numbers, so that data sets come in Keras's order. */

/** The Mersenne Twister MT19937 (M. Matsumoto, T. Nishimura, 1998), seeded as `numpy.random.RandomState(seed)`. */
export class RandomState {
  readonly #state = new Uint32Array(624);
  #at = 624;

  constructor(seed: number) {
    this.#state[0] = seed;
    for (let i = 1; i < 624; i++) {
      const previous = this.#state[i - 1]!;
      this.#state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
  }

  /** 32 random bits, unsigned. */
  next(): number {
    if (this.#at === 624) this.#twist();
    let y = this.#state[this.#at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < 624; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % 624]! & 0x7fffffff);
      state[i] = state[(i + 397) % 624]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#at = 0;
  }

  /** A number from 0 to `most`, by rejection under the smallest mask that covers it. */
  interval(most: number): number {
    if (most === 0) return 0;
    const mask = 2 ** (32 - Math.clz32(most)) - 1;
    for (;;) {
      const value = (this.next() & mask) >>> 0;
      if (value <= most) return value;
    }
  }

  /** The order that `shuffle` brings 0 .. count - 1 into. */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, i) => i);
    for (let last = count - 1; last > 0; last--) {
      const other = this.interval(last);
      [order[last], order[other]] = [order[other]!, order[last]!];
    }
    return order;
  }
}
