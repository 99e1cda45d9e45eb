import { createServer } from "node:http";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callbacks } from "../index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nabla-callbacks-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function play(callback: callbacks.Callback, epochs: readonly Record<string, number>[]): Promise<void> {
  await callback.onTrainBegin({});
  for (const [epoch, logs] of epochs.entries()) await callback.onEpochEnd(epoch, logs);
  await callback.onTrainEnd({});
}

describe("CSVLogger", () => {
  it("writes a header and a line per epoch, with columns for validation that may come later", async () => {
    const file = join(folder, "deep", "log.csv");
    await play(callbacks.CSVLogger(file), [
      { loss: 0.5, accuracy: 0.25 },
      { loss: NaN, accuracy: 1e-7, val_loss: 2, other: 3 },
    ]);
    expect(await readFile(file, "utf8")).toBe("epoch,accuracy,loss,val_accuracy,val_loss\r\n0,0.25,0.5,NA,NA\r\n1,1e-7,nan,NA,2\r\n");
    expect(await readdir(join(folder, "deep"))).toEqual(["log.csv"]);
  });

  it("goes on where a file ends, and writes it anew otherwise", async () => {
    const file = join(folder, "again.csv");
    await play(callbacks.CSVLogger(file, { separator: ";", append: true }), [{ val_loss: 1 }]);
    await play(callbacks.CSVLogger(file, { separator: ";", append: true }), [{ val_loss: 2 }]);
    expect(await readFile(file, "utf8")).toBe("epoch;val_loss\r\n0;1\r\n0;2\r\n");
    await play(callbacks.CSVLogger({ filename: file }), [{ val_loss: 3 }]);
    expect(await readFile(file, "utf8")).toBe("epoch,val_loss\r\n0,3\r\n");
    await writeFile(file, "");
    await play(callbacks.CSVLogger(file, { append: true }), [{ 'a,"b': 1, val_x: 2 }]);
    expect(await readFile(file, "utf8")).toBe('epoch,"a,""b",val_x\r\n0,1,2\r\n');
  });

  it("refuses files without a name and long separators", () => {
    expect(() => callbacks.CSVLogger("")).toThrow(/name/);
    expect(() => callbacks.CSVLogger("a.csv", { separator: "::" })).toThrow(/separator/);
    expect(() => callbacks.CSVLogger("a.csv", { apend: true } as never)).toThrow(/append/);
  });
});

describe("RemoteMonitor", () => {
  it("posts the values, as a form or as JSON, and goes on where nobody answers", async () => {
    const received: [string, string, string][] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (part) => (body += String(part)));
      request.on("end", () => {
        received.push([request.url ?? "", request.headers["content-type"] ?? "", body]);
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      await play(callbacks.RemoteMonitor({ root }), [{ loss: 0.5 }]);
      await play(callbacks.RemoteMonitor({ root, path: "/x", sendAsJson: true, headers: { "x-run": "1" } }), [{ loss: 2 }]);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    expect(received[0]).toEqual([
      "/publish/epoch/end/",
      "application/x-www-form-urlencoded;charset=UTF-8",
      `data=${encodeURIComponent('{"epoch":0,"loss":0.5}')}`,
    ]);
    expect(received[1]).toEqual(["/x", "application/json", '{"epoch":0,"loss":2}']);
    await play(callbacks.RemoteMonitor({ root }), [{ loss: 1 }]);
    expect(() => callbacks.RemoteMonitor({ root: "nowhere" })).toThrow(/address/);
  });
});
