/** The program of a worker thread, as plain JavaScript text: it is started without any file. */
import { controlWords } from "./control.ts";

/** A function of a module and its position in every thread's table. */
export interface TableEntry {
  readonly name: string;
  readonly index: number;
}

/** A module and where its functions stand. */
export interface InstalledModule {
  readonly module: WebAssembly.Module;
  readonly entries: readonly TableEntry[];
}

/** First message to a worker. */
export interface StartMessage {
  readonly memory: WebAssembly.Memory;
  readonly driver: WebAssembly.Module;
  /** Address of the worker's mailbox. */
  readonly mailbox: number;
  /** Everything installed so far, and how many messages that stands for. */
  readonly installed: readonly InstalledModule[];
  readonly messages: number;
  /** Names of the imports "math". */
  readonly math: readonly string[];
}

/** Later messages, counted in the mailbox: functions that are new, table positions to empty. */
export interface InstallMessage {
  readonly installed: readonly InstalledModule[];
  readonly removed: readonly number[];
}

/**
 * Source of a worker. `receive` comes from the platform. A trap in generated code counts its chunk as done, so that the
 * main thread does not wait for ever, sets `failed`, and is thrown on, which ends the worker and reports the error.
 */
export const workerSource: string = `
let memory, driver, table, control, own, handled;
const imports = { env: {}, math: {} };
function install(message) {
  for (const { module, entries } of message.installed) {
    const { exports } = new WebAssembly.Instance(module, imports);
    for (const { name, index } of entries) {
      if (index >= table.length) table.grow(index + 256 - table.length);
      table.set(index, exports[name]);
    }
  }
}
function start(message) {
  memory = message.memory;
  table = new WebAssembly.Table({ element: "anyfunc", initial: 256 });
  imports.env = { memory, table };
  for (const name of message.math) imports.math[name] = name === "remainder" ? (x, y) => x % y : Math[name];
  driver = new WebAssembly.Instance(message.driver, imports).exports;
  control = new Int32Array(memory.buffer, 0, 16384);
  own = message.mailbox;
  handled = message.messages;
  install(message);
}
receive((message) => {
  if (driver === undefined) start(message);
  else {
    for (const index of message.removed) table.set(index, null);
    install(message);
    handled++;
  }
  Atomics.store(control, own / 4 + 1, handled);
  if (Atomics.load(control, own / 4) !== handled) return;
  try {
    driver.work(own);
  } catch (error) {
    Atomics.store(control, ${controlWords.failed / 4}, 1);
    Atomics.add(control, ${controlWords.done / 4}, 1);
    Atomics.notify(control, ${controlWords.done / 4});
    throw error;
  }
});
`;
