// What deflate spends on each byte of a text (RFC 1951): the bits of the symbol that gives it, shared among a copy's bytes.
import { deflateRawSync } from "node:zlib";

/** Lengths and distances of copies: the first value of each code, and its extra bits. */
const lengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5];
const distanceExtra = [0, 0, ...Array.from({ length: 28 }, (_, i) => i >> 1)];
const firsts = (start, extra) => extra.map((_, i) => start + extra.slice(0, i).reduce((sum, bits) => sum + (1 << bits), 0));
const lengths = { first: [...firsts(3, lengthExtra), 258], extra: [...lengthExtra, 0] };
const distances = { first: firsts(1, distanceExtra), extra: distanceExtra };
const codeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** The canonical prefix code of code lengths. */
function prefixCode(codeLengths) {
  const counts = new Array(16).fill(0);
  for (const length of codeLengths) if (length > 0) counts[length]++;
  const offsets = counts.map((_, length) => counts.slice(0, length).reduce((sum, count) => sum + count, 0));
  const symbols = [];
  codeLengths.forEach((length, symbol) => {
    if (length > 0) symbols[offsets[length]++] = symbol;
  });
  return { counts, symbols };
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  bits(count) {
    let value = 0;
    for (let i = 0; i < count; i++, this.at++) value |= ((this.bytes[this.at >> 3] >> (this.at & 7)) & 1) << i;
    return value;
  }

  symbol({ counts, symbols }) {
    let [code, first, index] = [0, 0, 0];
    for (let length = 1; length < 16; length++) {
      code |= this.bits(1);
      if (code - first < counts[length]) return symbols[index + code - first];
      index += counts[length];
      first = (first + counts[length]) << 1;
      code <<= 1;
    }
    throw new Error("no such code");
  }

  /** The two codes of a block of type 2. */
  dynamicCodes() {
    const [literals, distanceCodes, codes] = [this.bits(5) + 257, this.bits(5) + 1, this.bits(4) + 4];
    const codeLengths = new Array(19).fill(0);
    for (let i = 0; i < codes; i++) codeLengths[codeOrder[i]] = this.bits(3);
    const code = prefixCode(codeLengths);
    const all = [];
    while (all.length < literals + distanceCodes) {
      const symbol = this.symbol(code);
      if (symbol < 16) all.push(symbol);
      else if (symbol === 16) all.push(...new Array(3 + this.bits(2)).fill(all.at(-1)));
      else all.push(...new Array(symbol === 17 ? 3 + this.bits(3) : 11 + this.bits(7)).fill(0));
    }
    return [prefixCode(all.slice(0, literals)), prefixCode(all.slice(literals))];
  }
}

/** Bytes (fractions of them) that deflate at level 9 spends on each byte of `buffer`. */
export function deflateCost(buffer) {
  const reader = new Reader(deflateRawSync(buffer, { level: 9 }));
  const cost = new Float64Array(buffer.length);
  let out = 0;
  for (let isLast = false; !isLast;) {
    isLast = reader.bits(1) === 1;
    // zlib writes texts as blocks with codes of their own, and nothing else.
    if (reader.bits(2) !== 2) throw new Error("a block of another type");
    const [literal, distance] = reader.dynamicCodes();
    for (;;) {
      const start = reader.at;
      const symbol = reader.symbol(literal);
      if (symbol === 256) break;
      let count = 1;
      if (symbol > 256) {
        count = lengths.first[symbol - 257] + reader.bits(lengths.extra[symbol - 257]);
        reader.bits(distances.extra[reader.symbol(distance)]);
      }
      cost.fill((reader.at - start) / count / 8, out, out + count);
      out += count;
    }
  }
  return cost;
}
