/** Letters of 3 by 5 dots, drawn into pixels. Small letters are drawn as capitals, unknown characters as a question mark. */

/** Five rows of three bits each, from the top, as octal digits. */
const glyphs: Readonly<Record<string, string>> = Object.fromEntries(
  "A25755 B65656 C34443 D65556 E74647 F74644 G34553 H55755 I72227 J11152 K55655 L44447 M57755 N65555 O25552 P65644 Q25563 R65655 S34216 T72222 U55557 V55552 W55775 X55255 Y55222 Z71247 075557 126227 271747 371717 455711 574717 674757 771111 875757 975717 .00002 ,00024 -00700 _00007 |22222 :02020 %51245 /11244 (12221 )42224 +02720 ?71202"
    .split(" ")
    .map((entry) => [entry[0]!, entry.slice(1)]),
);

/** Dots that a character is wide and high. */
export const glyphWidth = 3;
export const glyphHeight = 5;

/** Calls `dot` for every dot of a text: column and row, from its upper left corner. A dot's width stands between letters. */
export function forEachDot(text: string, dot: (column: number, row: number) => void): void {
  [...text.toUpperCase()].forEach((character, position) => {
    if (character === " ") return;
    const rows = glyphs[character] ?? glyphs["?"]!;
    for (let row = 0; row < glyphHeight; row++)
      for (let column = 0; column < glyphWidth; column++)
        if ((Number(rows[row]) & (4 >> column)) !== 0) dot(position * (glyphWidth + 1) + column, row);
  });
}
