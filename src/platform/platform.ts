/** What differs between Node and browsers, behind one interface. */
import type { NativeAccess } from "./native.ts";

/** A worker thread that runs a plain JavaScript source text. */
export interface PlatformWorker {
  postMessage(message: unknown): void;
  /** Called with every message that the worker sends by `post(message)`. From then on the worker keeps the process alive until it ends. */
  onMessage(listener: (message: unknown) => void): void;
  /** Called once if the worker fails to start or throws. */
  onFailure(listener: (error: Error) => void): void;
  /** Ends the thread. Resolves when it is gone. */
  terminate(): Promise<void>;
}

/** Grey; red, green, blue; the same with alpha. */
export type ImageChannels = 1 | 3 | 4;

/** An image, row by row, one byte a channel. */
export interface ImagePixels {
  readonly width: number;
  readonly height: number;
  readonly channels: ImageChannels;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** What turns image files into pixels. */
export interface ImageDecoder {
  readonly name: "sharp" | "jpeg-js and pngjs" | "browser";
  /** Decodes a file (Node: a path; browsers: a URL) or its bytes. Rejects with the decoder's error where it is damaged or no image. */
  decode(input: string | Uint8Array, channels: ImageChannels): Promise<ImagePixels>;
}

/** An entry of a folder. */
export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** Files and folders. Throws BackendError where the host has none. */
export interface PlatformFiles {
  /** What a folder holds, sorted by name (by code units, on every system the same); null where there is no such folder. */
  list(folder: string): Promise<readonly FolderEntry[] | null>;
  /** Bytes of a file; null where there is no such file. */
  size(path: string): Promise<number | null>;
  /** Gives a file another name within its file system; what had that name before is replaced at once. */
  rename(from: string, to: string): Promise<void>;
  /** The user's folder for data that can be made or downloaded again, by the system's custom; NABLA_CACHE names another. */
  cacheFolder(): string;
  /**
   * Replaces a file at once: whoever reads it, also after a crash, sees the old bytes or the new ones. Where it fails, the
   * old file is as it was, and nothing else is left. Parts stand one after another. Its folders are made.
   */
  write(path: string, bytes: Uint8Array | readonly Uint8Array[]): Promise<void>;
  /** Adds bytes to the end of a file in one write. The file and its folders are made. */
  append(path: string, bytes: Uint8Array): Promise<void>;
  /** Removes a file; nothing where there is none. */
  remove(path: string): Promise<void>;
}

/** The host. */
export interface Platform {
  readonly name: "node" | "browser";
  /** Whether the calling thread may block in `Atomics.wait`. */
  readonly mayBlock: boolean;
  /** Hardware threads, at least 1. */
  concurrency(): number;
  /** Value of an environment variable; undefined where there is none or it is empty. */
  environment(name: string): string | undefined;
  /** Resolves in a later macrotask: timers, input and finalizers get their turn. */
  macrotask(): Promise<void>;
  /** Bytes of a file (Node: a path; browsers: a URL); null where there is none. */
  readFile(path: string): Promise<Uint8Array | null>;
  /**
   * The path of `relative` below `folder`; null where it leads outside, also through a link. A file that is not there has a
   * path too.
   */
  pathInside(folder: string, relative: string): Promise<string | null>;
  /** Writing files. */
  readonly files: PlatformFiles;
  /** The best decoder of images that there is. */
  imageDecoder(): Promise<ImageDecoder>;
  /** A JPEG file of four-channel pixels (alpha is dropped), `quality` from 1 to 100. */
  encodeJpeg(image: ImagePixels, quality: number): Promise<Uint8Array>;
  /**
   * Starts a worker that does not keep the process alive. The source runs as a classic script in which `receive(f)`
   * registers the one handler of messages and `post(message)` answers. `data` arrives as the first message.
   */
  startWorker(source: string, data: unknown): PlatformWorker;
  /** Access to machine code. Throws BackendError that says why there is none. */
  native(): NativeAccess;
  /** WebGPU. Throws BackendError that says why there is none. */
  gpu(): Promise<GPU>;
  /** Writes a file whole, making its folders; nothing where there are no files. */
  writeFile(path: string, content: string | Uint8Array): void;
  /** Writes a line for people to the terminal's error output, or the browser's console. */
  report(text: string): void;
  /** Calls `listener` when the program ends by itself or by an exit (not when it is killed); a browser never does. */
  onExit(listener: () => void): void;
}
