/** Event files: TFRecords of Event messages (tensorboard/compat/proto/event.proto). */
import { platform } from "../../platform/index.ts";
import { maskedCrc32c } from "./crc32c.ts";
import { Message } from "./message.ts";

let files = 0;

/** One record: length, its CRC, content, its CRC. */
export function record(content: Uint8Array): Uint8Array {
  const out = new Uint8Array(content.length + 16);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(content.length), true);
  view.setUint32(8, maskedCrc32c(out.subarray(0, 8)), true);
  out.set(content, 12);
  view.setUint32(12 + content.length, maskedCrc32c(content), true);
  return out;
}

/** Writes events to a file of its own in a folder. Events are kept until `flush`, which adds them in one write. */
export class EventFile {
  readonly path: string;
  #pending: Uint8Array[] = [];

  constructor(folder: string, now: number = Date.now()) {
    const seconds = Math.floor(now / 1000);
    const unique = `${Math.floor(Math.random() * 1e9)}.${files++}`;
    this.path = `${folder}/events.out.tfevents.${String(seconds).padStart(10, "0")}.nabla.${unique}.v2`;
    this.#event(now, null, new Message().bytes(3, "brain.Event:2"));
  }

  #event(now: number, step: number | null, rest: Message): void {
    const head = new Message().double(1, now / 1000);
    if (step !== null) head.integer(2, step);
    const [a, b] = [head.finish(), rest.finish()];
    const content = new Uint8Array(a.length + b.length);
    content.set(a);
    content.set(b, a.length);
    this.#pending.push(record(content));
  }

  /** Values of a step. */
  summary(step: number, values: readonly Message[], now: number = Date.now()): void {
    if (values.length === 0) return;
    const summary = new Message();
    for (const value of values) summary.bytes(1, value);
    this.#event(now, step, new Message().bytes(5, summary));
  }

  /** A graph of operations (a GraphDef). */
  graph(definition: Message, now: number = Date.now()): void {
    this.#event(now, null, new Message().bytes(4, definition));
  }

  /** Writes what is pending. */
  async flush(): Promise<void> {
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    const out = new Uint8Array(pending.reduce((size, part) => size + part.length, 0));
    let at = 0;
    for (const part of pending) {
      out.set(part, at);
      at += part.length;
    }
    await platform.files.append(this.path, out);
  }
}
