/** `text` without the pieces that `cuts` names, `[from, to]` each, in order. */
export function without(text, cuts) {
  let out = "";
  let from = 0;
  for (const [start, end] of cuts) {
    out += text.slice(from, start);
    from = end;
  }
  return out + text.slice(from);
}
