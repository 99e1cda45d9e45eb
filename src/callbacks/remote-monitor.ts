/** Sends the values of every epoch to a server. */
import { ValueError } from "../errors.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { Callback, type Logs } from "./callback.ts";
import { writeLine } from "./terminal.ts";

/** Options of RemoteMonitor. */
export interface RemoteMonitorOptions {
  /** Address of the server. Default "http://localhost:9000". */
  readonly root?: string;
  /** Default "/publish/epoch/end/". */
  readonly path?: string;
  /** Name of the form field that holds the values. Default "data". */
  readonly field?: string;
  readonly headers?: Readonly<Record<string, string>> | null;
  /** Whether the values are the body, as JSON, instead of a form field. Default false. */
  readonly sendAsJson?: boolean;
}

/** Posts `{ epoch, ...logs }` at the end of every epoch. A server that does not answer is reported, training goes on. */
export class RemoteMonitorCallback extends Callback {
  readonly root: string;
  readonly path: string;
  readonly field: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly sendAsJson: boolean;

  constructor(options: RemoteMonitorOptions = {}) {
    super();
    checkOptions("RemoteMonitor", options, ["root", "path", "field", "headers", "sendAsJson"]);
    this.root = options.root ?? "http://localhost:9000";
    this.path = options.path ?? "/publish/epoch/end/";
    this.field = options.field ?? "data";
    this.headers = options.headers ?? {};
    this.sendAsJson = options.sendAsJson ?? false;
    if (!URL.canParse(this.root + this.path)) {
      throw new ValueError({
        where: "RemoteMonitor",
        problem: "root and path make no address",
        expected: '{ root: "http://localhost:9000", path: "/publish/epoch/end/" }',
        received: JSON.stringify(this.root + this.path),
      });
    }
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const values = JSON.stringify({ epoch, ...logs });
    const url = this.root + this.path;
    try {
      await fetch(url, {
        method: "POST",
        headers: { ...(this.sendAsJson ? { "content-type": "application/json" } : {}), ...this.headers },
        body: this.sendAsJson ? values : new URLSearchParams({ [this.field]: values }),
      });
    } catch (error) {
      writeLine(`RemoteMonitor: ${url} does not answer (${error instanceof Error ? error.message : String(error)})`);
    }
  }
}

/** Sends the values of every epoch to a server; see {@link RemoteMonitorCallback}. */
export const RemoteMonitor: CallableClass<typeof RemoteMonitorCallback> = /* @__PURE__ */ callableClass(RemoteMonitorCallback);
export type RemoteMonitor = RemoteMonitorCallback;
