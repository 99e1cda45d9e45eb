/** A server for the browser tests: pages under /isolated/ may share memory between threads, those under /plain/ may not. */
import { createServer } from "node:http";
import { readdirSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

const fixtures = join(import.meta.dirname, "..", "fixtures");
const types: Readonly<Record<string, string>> = { html: "text/html", js: "text/javascript", json: "application/json" };
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** A running server. */
export interface TestServer {
  readonly origin: string;
  close(): void;
}

/** Serves `bundle` and test/fixtures on a free port of this machine. */
export async function serve(bundle: ReadonlyMap<string, Uint8Array>): Promise<TestServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    const [, kind, ...rest] = pathname.split("/");
    const path = rest.join("/");
    const content = kind === "isolated" || kind === "plain" ? contentOf(path, bundle) : undefined;
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    const type = types[/[^.]*$/.exec(path)![0]] ?? "application/octet-stream";
    response.writeHead(200, {
      "Content-Type": type,
      "Content-Length": content.length,
      ...(kind === "isolated" ? isolation : {}),
    });
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() };
}

function contentOf(path: string, bundle: ReadonlyMap<string, Uint8Array>): Uint8Array | undefined {
  const found = bundle.get(path);
  if (found !== undefined) return found;
  if (path.endsWith(".html"))
    return Buffer.from(
      `<!doctype html><meta charset="utf-8"><title>test</title><link rel="icon" href="data:,"><script type="module" src="${path.replace(/html$/, "js")}"></script>`,
    );
  if (path === "fixtures.json") {
    const names = readdirSync(fixtures, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".gz"));
    return Buffer.from(JSON.stringify(names.map((name) => name.replaceAll("\\", "/"))));
  }
  if (!path.startsWith("fixtures/") || path.includes("..")) return undefined;
  try {
    return readFileSync(join(fixtures, path.slice("fixtures/".length)));
  } catch {
    return undefined;
  }
}
