import { expect, it } from "vitest";
import { RunQueue } from "./run-queue.ts";

const later = async <T>(value: T): Promise<T> => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return value;
};

it("a job of an idle queue runs at once and may be synchronous", () => {
  const queue = new RunQueue();
  expect(queue.run(() => 1)).toBe(1);
  expect(() =>
    queue.run(() => {
      throw new Error("first");
    }),
  ).toThrow("first");
  expect(queue.idle).toBe(true);
});

it("jobs run one after another, in the order they came, whatever fails", async () => {
  const queue = new RunQueue();
  const order: string[] = [];
  const job = (name: string, value: unknown) => async () => {
    order.push(`${name} starts`);
    await later(0);
    order.push(`${name} ends`);
    if (value instanceof Error) throw value;
    return value;
  };
  const results = await Promise.allSettled([
    queue.run(job("a", 1)),
    queue.run(job("b", new Error("b"))),
    queue.run(() => {
      order.push("c");
      return 3;
    }),
    queue.run(job("d", 4)),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  expect(order).toEqual(["a starts", "a ends", "b starts", "b ends", "c", "d starts", "d ends"]);
  expect(queue.idle).toBe(true);
});
