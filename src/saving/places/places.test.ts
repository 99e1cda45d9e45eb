import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errors, layers, loadModel, Sequential } from "../../index.ts";
import { http, listModels, removeModel } from "../index.ts";

const model = (): Sequential => new Sequential([layers.Dense({ units: 300, inputShape: [40] })]);

describe("places of files", () => {
  it("are refused in one sentence where the host has none", async () => {
    await expect(model().save("indexeddb://mine")).rejects.toThrow(/E_BACKEND {2}indexeddb:\/\/: there is no IndexedDB here/);
    await expect(loadModel("opfs://mine")).rejects.toThrow(errors.BackendError);
    await expect(model().save("downloads://mine.keras")).rejects.toThrow(/no page that could offer a download/);
    await expect(loadModel("downloads://mine")).rejects.toThrow(/nothing can be read from here/);
    await expect(listModels()).rejects.toThrow(errors.BackendError);
  });

  it("have names that are checked", async () => {
    await expect(loadModel("indexdb://mine")).rejects.toThrow(/no such place[\s\S]*perhaps indexeddb:\/\//);
    await expect(removeModel("indexeddb://")).rejects.toThrow(/the file has no name/);
    await expect(model().save("indexeddb://mine.txt")).rejects.toThrow(/does not tell its format/);
  });
});

describe("files on the web", () => {
  let kept: Uint8Array | null = null;
  let address = "";
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      if (request.method === "POST") kept = Buffer.concat(parts);
      else if (kept !== null && request.url === "/model.keras") {
        response.setHeader("Content-Length", kept.length);
        response.write(kept.subarray(0, 100));
        const rest = kept.subarray(100);
        setTimeout(() => response.end(rest), 20);
        return;
      } else response.statusCode = 404;
      response.end();
    });
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.keras`;
  });
  afterAll(() => void server.close());

  it("take a model with POST and give it with progress", async () => {
    const saved = model();
    await saved.save(http(address));
    const seen: [number, number | null][] = [];
    const loaded = await loadModel(http(address, { onProgress: (received, total) => void seen.push([received, total]) }));
    expect(await loaded.weights[0]!.data()).toEqual(await saved.weights[0]!.data());
    expect(seen[0]).toEqual([0, kept!.length]);
    expect(seen.at(-1)).toEqual([kept!.length, kept!.length]);
    expect(seen.length).toBeGreaterThan(2);
  });

  it("that are not there are errors with the address and the answer", async () => {
    await expect(loadModel(http(`${address}.old`))).rejects.toThrow(/could not be had[\s\S]*model\.keras\.old: 404/);
    await expect(loadModel(http("http://127.0.0.1:1/model.keras"))).rejects.toThrow(errors.BackendError);
    expect(() => http(address, { onprogress: null } as object)).toThrow(/onProgress/);
  });
});
