/** Tables of text with box-drawing characters, wrapped and measured as Python's `rich` does, which Keras prints with. */

/** How a column's text stands. */
export type Alignment = "left" | "right" | "center";

/**
 * Lines of a table. `widths` are those of the contents that one would like; they shrink evenly until the table with its
 * borders and padding is `lineLength` wide.
 */
export function drawTable(
  header: readonly string[],
  alignment: readonly Alignment[],
  rows: readonly (readonly string[])[],
  widths: readonly number[],
  lineLength: number,
): string[] {
  const padded = shrunk(
    widths.map((width) => width + 2),
    lineLength - widths.length - 1,
  );
  const inner = padded.map((width) => width - 2);
  const rule = (left: string, fill: string, cross: string, right: string): string =>
    `${left}${padded.map((width) => fill.repeat(width)).join(cross)}${right}`;
  const cells = (row: readonly string[], border: string): string[] => {
    const texts = row.map((text, column) => wrap(text, inner[column]!));
    const height = Math.max(...texts.map((lines) => lines.length));
    // Titles stand at the bottom.
    const wrapped = row === header ? texts.map((lines) => [...new Array<string>(height - lines.length).fill(""), ...lines]) : texts;
    return Array.from({ length: height }, (_, line) =>
      [border, ...wrapped.map((lines, column) => ` ${align(lines[line] ?? "", inner[column]!, alignment[column]!)} ${border}`)].join(""),
    );
  };
  const lines = [rule("┏", "━", "┳", "┓"), ...cells(header, "┃"), rule("┡", "━", "╇", "┩")];
  rows.forEach((row, index) => {
    if (index > 0) lines.push(rule("├", "─", "┼", "┤"));
    lines.push(...cells(row, "│"));
  });
  return [...lines, rule("└", "─", "┴", "┘")];
}

/** Widths that sum to `total`, each reduced by its even share of the excess (`rich._ratio.ratio_reduce`). */
function shrunk(widths: readonly number[], total: number): number[] {
  let excess = widths.reduce((sum, width) => sum + width, 0) - total;
  if (excess <= 0) {
    // Too narrow: the last column takes what is left.
    return widths.map((width, index) => (index === widths.length - 1 ? width - excess : width));
  }
  let left = widths.length;
  return widths.map((width) => {
    const share = Math.min(width, roundHalfEven(excess / left));
    excess -= share;
    left--;
    return width - share;
  });
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function align(text: string, width: number, alignment: Alignment): string {
  const space = width - text.length;
  if (alignment === "right") return " ".repeat(space) + text;
  if (alignment === "center") return " ".repeat(Math.floor(space / 2)) + text + " ".repeat(space - Math.floor(space / 2));
  return text + " ".repeat(space);
}

/** Lines of at most `width` characters, broken at spaces; a word that is longer ends with an ellipsis, as in `rich`'s tables. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const [word] of text.matchAll(/\s*\S+\s*/g)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.trimEnd().length <= width) lines[lines.length - 1] = last + word;
    else lines.push(word);
  }
  return (lines.length === 0 ? [""] : lines).map((line) => {
    const text = line.trimEnd();
    return text.length > width ? `${text.slice(0, width - 1)}…` : text;
  });
}
