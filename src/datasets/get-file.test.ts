import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { utils } from "../index.ts";
import { writeZip } from "../saving/zip/index.ts";

/** A tar archive of small files (POSIX ustar). */
function tar(files: Readonly<Record<string, string>>): Uint8Array {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("        ", 148);
    header.write("0", 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    const body = Buffer.alloc(512);
    body.write(content);
    return [header, body];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const text = new TextEncoder();
const served: Readonly<Record<string, Uint8Array>> = {
  "/words.txt": text.encode("one two"),
  "/pictures.tgz": gzipSync(tar({ "cats/a.txt": "miaow", "b.txt": "woof" })),
  "/parts.zip": Buffer.concat(writeZip([{ name: "in/c.txt", parts: [text.encode("zipped")] }])),
  "/evil.tar": tar({ "../out.txt": "gone" }),
};
let server: Server;
let base = "";
let asked = 0;
const cacheDir = mkdtempSync(join(tmpdir(), "get-file-"));

beforeAll(async () => {
  server = createServer((request, response) => {
    asked++;
    const content = served[request.url!];
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  rmSync(cacheDir, { recursive: true });
  await new Promise((resolve) => server.close(resolve));
});

it("downloads a file once, and again where its hash is another or one asks for it", async () => {
  const origin = `${base}/words.txt`;
  const path = await utils.getFile({ origin, cacheDir });
  expect(path).toBe(`${cacheDir}/datasets/words.txt`);
  expect(readFileSync(path, "utf8")).toBe("one two");
  expect(await utils.getFile({ origin, cacheDir })).toBe(path);
  expect(asked).toBe(1);
  await utils.getFile({ origin, cacheDir, forceDownload: true });
  expect(asked).toBe(2);
  const fileHash = createHash("md5").update(served["/words.txt"]!).digest("hex");
  expect(await utils.getFile({ origin, cacheDir, fname: "mine.txt", cacheSubdir: "texts", fileHash })).toBe(`${cacheDir}/texts/mine.txt`);
  await expect(utils.getFile({ origin, cacheDir, fileHash: "0".repeat(64) })).rejects.toThrow(/not the published file/);
  await expect(utils.getFile({ origin, cacheDir, fileHash: "12" })).rejects.toThrow(/no hash/);
  await expect(utils.getFile({ origin, cacheDir, fname: "../x" })).rejects.toThrow(/no path/);
  await expect(utils.getFile({ origin: "words.txt" })).rejects.toThrow(/no address/);
});

it("extracts archives into a folder, and refuses parts that lead out of it", async () => {
  const folder = await utils.getFile({ origin: `${base}/pictures.tgz`, cacheDir, extract: true });
  expect(folder).toBe(`${cacheDir}/datasets/pictures.tgz`);
  expect(readFileSync(`${folder}/cats/a.txt`, "utf8")).toBe("miaow");
  const named = await utils.getFile({ origin: `${base}/parts.zip`, fname: "parts.zip", cacheDir, extract: true });
  expect(named).toBe(`${cacheDir}/datasets/parts_extracted`);
  expect(readFileSync(`${named}/in/c.txt`, "utf8")).toBe("zipped");
  await expect(utils.getFile({ origin: `${base}/evil.tar`, cacheDir, extract: true })).rejects.toThrow(/leads out/);
  expect(existsSync(join(cacheDir, "datasets", "out.txt"))).toBe(false);
  await expect(
    utils.getFile({ origin: `${base}/words.txt`, fname: "words", cacheDir, extract: true, archiveFormat: "zip" }),
  ).rejects.toThrow(/no zip/);
});
