/**
 * npm run example:browser                       the scans that nabla brings along
 * NABLA_DATA=folder npm run example:browser     MNIST from folder/mnist (its four .gz files)
 */
import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import type { Plugin, UserConfig } from "vite";

const here = import.meta.dirname;
const source = join(here, "../../src");
// Without these two headers a page may not share memory between threads, and WebAssembly runs on one.
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** Serves MNIST's files from NABLA_DATA/mnist. */
function mnist(): Plugin {
  return {
    name: "mnist",
    configureServer: (server) => {
      server.middlewares.use("/mnist", (request, response) => {
        const file = join(process.env["NABLA_DATA"] ?? "", "mnist", (request.url ?? "").replace(/^.*\//, "").replace(/\?.*$/, ""));
        if (process.env["NABLA_DATA"] === undefined || !existsSync(file)) {
          response.statusCode = 404;
          response.end();
          return;
        }
        response.setHeader("Content-Type", "application/octet-stream");
        if (request.method === "HEAD") response.end();
        else createReadStream(file).pipe(response);
      });
    },
  };
}

const config: UserConfig = {
  root: here,
  base: "./",
  plugins: [mnist()],
  // Inside the repository the sources stand for the package; an application needs none of this.
  resolve: {
    conditions: ["source", "browser", "module", "import"],
    alias: [
      { find: /^nabla$/, replacement: join(source, "index.ts") },
      { find: /^nabla\/(.+)$/, replacement: join(source, "$1/index.ts") },
    ],
  },
  worker: { format: "es" },
  server: { headers },
  preview: { headers },
  build: { target: "es2022", outDir: join(here, "../../node_modules/.cache/example-browser"), emptyOutDir: true },
};
export default config;
