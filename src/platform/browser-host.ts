/** A browser's host functions, one by one: a bundle holds those that it calls. See Platform. */
import { BackendError } from "../errors.ts";
import type { ImageDecoder, ImagePixels, PlatformFiles } from "./platform.ts";
import type { NativeAccess } from "./native.ts";

export { startWorker } from "./browser-thread.ts";

const waiting: (() => void)[] = [];
let channel: MessageChannel | undefined;

/** A message is a macrotask without the 4 ms that nested timers are held back. */
export function macrotask(): Promise<void> {
  if (channel === undefined) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.shift()?.();
  }
  const { port2 } = channel;
  return new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(null);
  });
}

function noFilesError(path: string): BackendError {
  return new BackendError({
    where: "files",
    problem: "a page has no files and folders",
    expected: "Node",
    received: path,
    advice: "leave out callbacks that write files, or send their values to a server (RemoteMonitor); read single files by their URLs",
  });
}

function noFiles(path: string): Promise<never> {
  return Promise.reject(noFilesError(path));
}

/** A page, a shared worker or a service worker may not block in `Atomics.wait`; a worker that one page started may. */
const Dedicated = (globalThis as { DedicatedWorkerGlobalScope?: new () => object }).DedicatedWorkerGlobalScope;

/** Which host this is. */
export const name = "browser";

/** Whether the calling thread may block. */
export const mayBlock: boolean = Dedicated !== undefined && globalThis instanceof Dedicated;

/** Hardware threads. */
export function concurrency(): number {
  return Math.max(1, navigator.hardwareConcurrency);
}

/** A page has no environment. */
export function environment(_name: string): string | undefined {
  return undefined;
}

/** What a URL gives. */
export async function readFile(path: string): Promise<Uint8Array | null> {
  const response = await fetch(path);
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
}

/** URLs below a URL. */
export function pathInside(folder: string, relative: string): Promise<string | null> {
  const outer = new URL(folder, location.href);
  const inner = new URL(relative, outer);
  return Promise.resolve(inner.href.startsWith(outer.href) ? inner.href : null);
}

/** A page has none. */
export const files: PlatformFiles = {
  list: noFiles,
  size: noFiles,
  rename: noFiles,
  cacheFolder: () => {
    throw noFilesError("the cache folder");
  },
  write: noFiles,
  append: noFiles,
  remove: noFiles,
};

function imageError(problem: string, received?: string): BackendError {
  return new BackendError({ where: "images", problem, ...(received === undefined ? {} : { received }) });
}

// Few pages read image files: the codec comes when one does.
/** The browser's decoder. */
export async function imageDecoder(): Promise<ImageDecoder> {
  return await (await import("./browser-image-codec.ts")).browserImageDecoder(imageError);
}

/** By a canvas. */
export async function encodeJpeg(image: ImagePixels, quality: number): Promise<Uint8Array> {
  return await (await import("./browser-image-codec.ts")).browserEncodeJpeg(image, quality, imageError);
}

/** Throws BackendError. */
export function native(): NativeAccess {
  throw new BackendError({ where: "native code", problem: "a browser runs no machine code" });
}

/** The browser's WebGPU: older browsers, and pages that are not served over HTTPS, have no navigator.gpu. */
export function gpu(): Promise<GPU> {
  const { gpu: found } = navigator as { readonly gpu?: GPU };
  if (found !== undefined) return Promise.resolve(found);
  const problem = isSecureContext ? "this browser has no WebGPU" : "a page that is not served over HTTPS (or from localhost) has no WebGPU";
  return Promise.reject(new BackendError({ where: "webgpu back-end", problem, advice: 'use the back-end "wasm"; nothing was changed' }));
}

/** Nothing: there are no files. */
export function writeFile(): void {}

/** To the console. */
export function report(text: string): void {
  console.warn(text);
}

/** Nothing: a page does not say when it ends. */
export function onExit(): void {}
