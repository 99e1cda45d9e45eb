import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Checksum, DownloadError, fetchFile, hasChecksum } from "./index.ts";
import { md5 } from "./md5.ts";

const content = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) & 255);
const checksum = `sha256:${createHash("sha256").update(content).digest("hex")}` as const;
const asked: (string | undefined)[] = [];
let server: Server;
let base = "";
let folder = "";

beforeAll(async () => {
  server = createServer((request, response) => {
    const range = /bytes=(\d+)-/.exec(request.headers.range ?? "");
    asked.push(request.headers.range);
    if (request.url === "/missing") response.writeHead(404).end();
    else if (request.url === "/cut") {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 40_000), () => response.destroy());
    } else if (request.url === "/no-ranges" || range === null) response.writeHead(200, { "content-length": content.length }).end(content);
    else if (Number(range[1]) >= content.length) response.writeHead(416).end();
    else response.writeHead(206, { "content-length": content.length - Number(range[1]) }).end(content.subarray(Number(range[1])));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  folder = mkdtempSync(join(tmpdir(), "nabla-download-"));
  asked.length = 0;
});

const file = (path: string, expected: Checksum | null = checksum): Parameters<typeof fetchFile>[0] => ({
  where: "datasets.test",
  url: `${base}${path}`,
  file: "digits.gz",
  folder,
  checksum: expected,
  onProgress: () => undefined,
});

describe("fetchFile", () => {
  it("downloads once, with progress up to the whole, and reads the kept file then", async () => {
    const seen: (number | null)[][] = [];
    const bytes = await fetchFile({ ...file("/data"), onProgress: (loaded, total) => seen.push([loaded, total]) });
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(checksum.slice(7));
    expect(seen[0]).toEqual([0, content.length]);
    expect(seen.at(-1)).toEqual([content.length, content.length]);
    expect((await fetchFile(file("/data"))).length).toBe(content.length);
    expect(asked.length).toBe(1);
    expect(readdirSync(folder)).toEqual(["digits.gz"]);
  });

  it("goes on where the connection broke", async () => {
    await expect(fetchFile(file("/cut"))).rejects.toThrow(/call again to go on/);
    expect(readdirSync(folder)).toEqual(["digits.gz.part"]);
    expect(await fetchFile(file("/data"))).toEqual(Buffer.from(content));
    expect(asked[1]).toMatch(/^bytes=[1-9]\d*-$/);
  });

  it("begins anew where the server knows no ranges, and accepts a part that is whole", async () => {
    writeFileSync(join(folder, "digits.gz.part"), content.subarray(0, 10));
    expect((await fetchFile(file("/no-ranges"))).length).toBe(content.length);
    rmSync(join(folder, "digits.gz"));
    writeFileSync(join(folder, "digits.gz.part"), content);
    expect((await fetchFile(file("/data"))).length).toBe(content.length);
  });

  it("refuses what has another checksum, and leaves nothing of it", async () => {
    await expect(fetchFile(file("/data", "sha256:00"))).rejects.toThrow(/not the published file/);
    expect(readdirSync(folder)).toEqual([]);
    await expect(fetchFile(file("/data", `md5:${createHash("md5").update(content).digest("hex")}`))).resolves.toHaveLength(content.length);
  });

  it("says which file to put where, if there is no network or no file", async () => {
    await expect(fetchFile(file("/missing"))).rejects.toThrow(/404[^]*put digits.gz into /);
    const unreachable = { ...file("/data"), url: "http://127.0.0.1:9/data" };
    await expect(fetchFile(unreachable)).rejects.toThrow(DownloadError);
    await expect(fetchFile(unreachable)).rejects.toThrow(/no connection[^]*put digits.gz into /);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("checksums", () => {
  it("are those of Node's crypto, for lengths around the block size", async () => {
    for (const length of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 1000]) {
      const bytes = content.subarray(0, length);
      expect(md5(bytes)).toBe(createHash("md5").update(bytes).digest("hex"));
      expect(await hasChecksum(bytes, `sha256:${createHash("sha256").update(bytes).digest("hex").toUpperCase()}`)).toBe(true);
      expect(await hasChecksum(bytes, "md5:00")).toBe(false);
    }
  });
});
