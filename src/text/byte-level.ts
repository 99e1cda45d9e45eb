/** Bytes as printable characters, and texts cut into words: what byte-level vocabularies are written in. */

/**
 * The character of each byte: printable Latin-1 characters stand for themselves, the others for those from U+0100 on.
 * A. Radford and others, "Language models are unsupervised multitask learners", 2019 (GPT-2's `bytes_to_unicode`).
 */
export const byteCharacters: readonly string[] = /* @__PURE__ */ (() => {
  const isPrintable = (byte: number): boolean => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
})();

const byteOf = /* @__PURE__ */ new Map(byteCharacters.map((character, byte) => [character, byte]));
const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder();

/** A text's UTF-8 bytes as characters. */
export function toByteCharacters(text: string): string {
  let characters = "";
  for (const byte of encoder.encode(text)) characters += byteCharacters[byte]!;
  return characters;
}

/** The text of such characters; bytes that are no UTF-8 become U+FFFD. */
export function fromByteCharacters(characters: string): string {
  const bytes = Array.from(characters, (character) => byteOf.get(character)).filter((byte) => byte !== undefined);
  return decoder.decode(Uint8Array.from(bytes));
}

// Contractions, words, numbers and signs, each with a blank before it; runs of blanks (GPT-2's pattern).
const parts = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** A text cut into words that merges do not cross; together they are the text. */
export function splitWords(text: string): string[] {
  return text.match(parts) ?? [];
}
