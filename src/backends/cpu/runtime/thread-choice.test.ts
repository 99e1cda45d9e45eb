import { describe, expect, it } from "vitest";
import { type RunWay, ThreadChoice } from "./thread-choice.ts";

/** Ways of `runs` runs that take what `time` says. */
function run(choice: ThreadChoice, runs: number, time: (way: RunWay, run: number) => number): RunWay[] {
  return Array.from({ length: runs }, (_, i) => {
    const way = choice.next();
    choice.add(way, time(way, i));
    return way;
  });
}
const count = (ways: readonly RunWay[], wanted: RunWay): number => ways.filter((way) => way === wanted).length;

describe("ThreadChoice", () => {
  it("keeps the helpers where they help, and tries without them seldom", () => {
    const choice = new ThreadChoice();
    expect(
      count(
        run(choice, 15, () => 1),
        "alone",
      ),
    ).toBe(0);
    const ways = run(choice, 1000, (way) => (way === "best" ? 1 : 1.6));
    expect(count(ways, "alone")).toBeLessThan(25);
    expect(
      count(
        run(choice, 1000, (way) => (way === "best" ? 1 : 1.6)),
        "alone",
      ),
    ).toBeLessThan(15);
  });

  it("leaves them out while others keep them from their processor, and takes them again afterwards", () => {
    const choice = new ThreadChoice();
    const busy = run(choice, 400, (way, i) => (way === "best" ? (i % 4 === 0 ? 0.6 : 5) : 1));
    expect(count(busy.slice(50), "best")).toBeLessThan(25);
    const quiet = run(choice, 1200, (way) => (way === "best" ? 0.6 : 1));
    expect(count(quiet.slice(-800), "alone")).toBeLessThan(20);
  });

  it("is not misled by single runs, and tries nothing where runs are long", () => {
    const choice = new ThreadChoice();
    expect(
      count(
        run(choice, 500, (way, i) => (i % 7 === 0 ? 30 : way === "best" ? 1 : 1.2)),
        "alone",
      ),
    ).toBeLessThan(60);
    expect(
      count(
        run(new ThreadChoice(), 500, (way) => (way === "best" ? 40 : 1)),
        "alone",
      ),
    ).toBe(0);
  });
});
