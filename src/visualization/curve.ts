/** Smooth lines through points. */
import type { Point } from "./layered-layout.ts";
import { short } from "./svg.ts";

/** An SVG path through points that leaves and arrives along the direction of the graph (`turned`: from left to right). */
export function curve(points: readonly Point[], turned: boolean): string {
  const path = [`M${short(points[0]!.x)} ${short(points[0]!.y)}`];
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1]!, points[i]!];
    const reach = (turned ? b.x - a.x : b.y - a.y) / 2;
    const [c, d] = turned
      ? [
          { x: a.x + reach, y: a.y },
          { x: b.x - reach, y: b.y },
        ]
      : [
          { x: a.x, y: a.y + reach },
          { x: b.x, y: b.y - reach },
        ];
    path.push(`C${short(c.x)} ${short(c.y)} ${short(d.x)} ${short(d.y)} ${short(b.x)} ${short(b.y)}`);
  }
  return path.join(" ");
}
