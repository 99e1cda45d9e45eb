/** Places for the boxes of a directed graph without cycles: in ranks, few crossings, short lines. Sugiyama et al. 1981. */

/** A box to be placed. */
export interface Box {
  readonly width: number;
  readonly height: number;
}

/** A line from one box to another, by their positions in the list. */
export interface Line {
  readonly from: number;
  readonly to: number;
}

/** A point; y grows downwards. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where everything stands. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Left upper corners of the boxes. */
  readonly boxes: readonly Point[];
  /** For each line, the points it goes through, from the lower edge of one box to the upper edge of the other. */
  readonly lines: readonly (readonly Point[])[];
}

/** Space between boxes of a rank, and between ranks. */
const gap = { x: 28, y: 44 };
/** Passes over the ranks that order boxes, and that move them. */
const passes = 24;

/** A box, or the place where a line goes through a rank. */
interface Place {
  readonly width: number;
  readonly height: number;
  readonly rank: number;
  readonly before: number[];
  readonly after: number[];
  x: number;
}

/** Places boxes below those that lead to them. The lines must not form a circle. */
export function layeredLayout(boxes: readonly Box[], lines: readonly Line[]): Layout {
  const ranks = ranksOf(boxes.length, lines);
  const places: Place[] = boxes.map(({ width, height }, i) => ({ width, height, rank: ranks[i]!, before: [], after: [], x: 0 }));
  // A line over several ranks takes a place of its own in each rank between.
  const routes = lines.map(({ from, to }) => {
    const route = [from];
    for (let rank = ranks[from]! + 1; rank < ranks[to]!; rank++) {
      route.push(places.length);
      places.push({ width: 8, height: 0, rank, before: [], after: [], x: 0 });
    }
    route.push(to);
    for (let i = 1; i < route.length; i++) {
      places[route[i - 1]!]!.after.push(route[i]!);
      places[route[i]!]!.before.push(route[i - 1]!);
    }
    return route;
  });
  const rows: number[][] = Array.from({ length: Math.max(0, ...places.map(({ rank }) => rank)) + 1 }, () => []);
  places.forEach(({ rank }, i) => rows[rank]!.push(i));
  const ordered = orderedRows(places, rows);
  moveBoxes(places, ordered);

  const left = Math.min(0, ...places.map(({ x, width }) => x - width / 2));
  const tops: number[] = [];
  let y = 0;
  for (const row of ordered) {
    tops.push(y);
    y += Math.max(0, ...row.map((i) => places[i]!.height)) + gap.y;
  }
  const heightOf = (rank: number): number => (tops[rank + 1] ?? y) - tops[rank]! - gap.y;
  const top = (i: number): number => tops[places[i]!.rank]! + (heightOf(places[i]!.rank) - places[i]!.height) / 2;
  return {
    width: Math.max(0, ...places.map(({ x, width }) => x + width / 2)) - left,
    height: y - gap.y,
    boxes: boxes.map((_, i) => ({ x: places[i]!.x - left - places[i]!.width / 2, y: top(i) })),
    lines: routes.map((route) =>
      route.flatMap((i, at): Point[] => {
        const x = places[i]!.x - left;
        if (at === 0) return [{ x, y: top(i) + places[i]!.height }];
        if (at === route.length - 1) return [{ x, y: top(i) }];
        // Straight through the rank, so that it touches no box.
        const rank = places[i]!.rank;
        return [
          { x, y: tops[rank]! },
          { x, y: tops[rank]! + heightOf(rank) },
        ];
      }),
    ),
  };
}

/** Each box one rank below the lowest of those that lead to it; what leads to nothing earlier stands right above its first use. */
function ranksOf(count: number, lines: readonly Line[]): number[] {
  const ranks = new Array<number>(count).fill(0);
  for (let round = 0, moved = true; moved && round <= count; round++) {
    moved = false;
    for (const { from, to } of lines) {
      if (ranks[to]! > ranks[from]!) continue;
      ranks[to] = ranks[from]! + 1;
      moved = true;
    }
  }
  for (let i = 0; i < count; i++) {
    if (lines.some(({ to }) => to === i)) continue;
    const uses = lines.filter(({ from }) => from === i).map(({ to }) => ranks[to]!);
    if (uses.length > 0) ranks[i] = Math.min(...uses) - 1;
  }
  return ranks;
}

/** The rows with their places in an order of few crossings: each place moves to the middle of its neighbours, again and again. */
function orderedRows(places: readonly Place[], rows: readonly (readonly number[])[]): number[][] {
  let present = rows.map((row) => [...row]);
  let best = present;
  let fewest = crossings(places, present);
  for (let pass = 0; pass < passes && fewest > 0; pass++) {
    const down = pass % 2 === 0;
    present = present.map((row) => [...row]);
    const position = new Map<number, number>();
    const note = (row: readonly number[]): void => row.forEach((i, at) => position.set(i, at));
    const order = present.map((_, rank) => rank);
    for (const rank of down ? order : order.reverse()) {
      const row = present[rank]!;
      const middle = (i: number): number => {
        const known = (down ? places[i]!.before : places[i]!.after).map((j) => position.get(j)!);
        return known.length === 0 ? row.indexOf(i) : known.reduce((sum, at) => sum + at, 0) / known.length;
      };
      const middles = new Map(row.map((i) => [i, middle(i)]));
      row.sort((a, b) => middles.get(a)! - middles.get(b)!);
      note(row);
    }
    const count = crossings(places, present);
    if (count < fewest) [best, fewest] = [present, count];
  }
  return best;
}

/** How many pairs of lines between neighbouring rows cross. */
function crossings(places: readonly Place[], rows: readonly (readonly number[])[]): number {
  let count = 0;
  for (let rank = 1; rank < rows.length; rank++) {
    const position = new Map(rows[rank]!.map((i, at) => [i, at]));
    const ends = rows[rank - 1]!.flatMap((i) => places[i]!.after.map((j) => position.get(j)!).sort((a, b) => a - b));
    for (let a = 0; a < ends.length; a++) for (let b = a + 1; b < ends.length; b++) if (ends[a]! > ends[b]!) count++;
  }
  return count;
}

/** Moves every place towards the middle of its neighbours, as far as its own neighbours in the row leave room. */
function moveBoxes(places: readonly Place[], rows: readonly (readonly number[])[]): void {
  for (const row of rows) {
    let x = 0;
    for (const i of row) {
      places[i]!.x = x + places[i]!.width / 2;
      x += places[i]!.width + gap.x;
    }
    const middle = (x - gap.x) / 2;
    for (const i of row) places[i]!.x -= middle;
  }
  for (let pass = 0; pass < passes; pass++) {
    for (const row of pass % 2 === 0 ? rows : [...rows].reverse()) {
      const wanted = row.map((i) => {
        const { before, after, x } = places[i]!;
        const near = pass % 2 === 0 ? (before.length > 0 ? before : after) : after.length > 0 ? after : before;
        return near.length === 0 ? x : near.reduce((sum, j) => sum + places[j]!.x, 0) / near.length;
      });
      spread(places, row, wanted);
    }
  }
}

/** Puts a row as near as possible to the wanted middles without overlaps: groups that touch move together. */
function spread(places: readonly Place[], row: readonly number[], wanted: readonly number[]): void {
  interface Group {
    readonly members: number[];
    /** Sum over the members of what the position of the first would have to be. */
    total: number;
    readonly offsets: number[];
  }
  const groups: Group[] = [];
  const at = (group: Group): number => group.total / group.members.length;
  const distance = (left: number, right: number): number => (places[left]!.width + places[right]!.width) / 2 + gap.x;
  row.forEach((i, position) => {
    let group: Group = { members: [i], total: wanted[position]!, offsets: [0] };
    for (let last = groups.at(-1); last !== undefined; last = groups.at(-1)) {
      const shift = last.offsets.at(-1)! + distance(last.members.at(-1)!, group.members[0]!);
      if (at(last) + shift <= at(group)) break;
      groups.pop();
      group = {
        members: [...last.members, ...group.members],
        total: last.total + group.total - shift * group.members.length,
        offsets: [...last.offsets, ...group.offsets.map((offset) => offset + shift)],
      };
    }
    groups.push(group);
  });
  for (const group of groups) group.members.forEach((i, member) => (places[i]!.x = at(group) + group.offsets[member]!));
}
