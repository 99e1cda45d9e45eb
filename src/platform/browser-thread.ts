/** Threads in browsers. */
import type { PlatformWorker } from "./platform.ts";

const prelude = `"use strict"; const receive = (f) => { self.onmessage = (event) => f(event.data); }, post = (message) => self.postMessage(message);\n`;

/** See Platform.startWorker. */
export function startWorker(source: string, data: unknown): PlatformWorker {
  const url = URL.createObjectURL(new Blob([prelude + source], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.postMessage(data);
  return {
    postMessage: (message) => worker.postMessage(message),
    onMessage: (listener) => {
      worker.onmessage = (event: MessageEvent<unknown>) => listener(event.data);
    },
    onFailure: (listener) => {
      worker.onerror = (event) => listener(new Error(event.message));
    },
    terminate: () => {
      worker.terminate();
      URL.revokeObjectURL(url);
      return Promise.resolve();
    },
  };
}
