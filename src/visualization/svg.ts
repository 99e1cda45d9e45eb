/** Text of SVG pictures. */

/** Colours that colour-blind people tell apart: M. Okabe, K. Ito, "Color universal design", 2008. Black first. */
export const colors: readonly string[] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31"];

/** Font of all pictures. */
export const fontFamily: string = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif";

/** A number with at most one digit after the point, so that pictures stay small. */
export function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Text that may stand in SVG. */
export function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

/** A piece of text; `anchor`: which part of it stands at x. */
export function textAt(
  x: number,
  y: number,
  text: string,
  options: {
    readonly size?: number;
    readonly anchor?: "start" | "middle" | "end";
    readonly color?: string;
    readonly bold?: boolean;
    readonly turned?: boolean;
  } = {},
): string {
  const { size = 12, anchor = "start", color = "#222", bold = false, turned = false } = options;
  const turn = turned ? ` transform="rotate(-90 ${short(x)} ${short(y)})"` : "";
  return `<text x="${short(x)}" y="${short(y)}" font-size="${size}" text-anchor="${anchor}" fill="${color}"${bold ? ' font-weight="600"' : ""}${turn}>${escaped(text)}</text>`;
}

/** A picture of a size, white behind. */
export function svgDocument(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${short(width)}" height="${short(height)}" viewBox="0 0 ${short(width)} ${short(height)}" font-family="${fontFamily}">`,
    `<title>${escaped(title)}</title>`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

/** About how wide a text is, in the fonts above. */
export function textWidth(text: string, size: number): number {
  return text.length * size * 0.56;
}
