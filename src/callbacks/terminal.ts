/** Text output: a terminal, a file, or a browser's console. */

interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

function standardOutput(): TextStream | undefined {
  return (globalThis as { process?: { stdout?: TextStream } }).process?.stdout;
}

/** Whether output goes to a terminal, where a line can be written over. */
export function isTerminal(): boolean {
  return standardOutput()?.isTTY === true;
}

/** Whether text is coloured: not where NO_COLOR (no-color.org) is set. */
export function isColoured(): boolean {
  return (globalThis as { process?: { env?: { NO_COLOR?: string } } }).process?.env?.NO_COLOR === undefined;
}

/** Width of the terminal in characters; undefined where there is none. */
export function terminalColumns(): number | undefined {
  return standardOutput()?.columns;
}

/** Writes text as it is. In a browser only whole lines appear. */
export function writeText(text: string): void {
  const stream = standardOutput();
  if (stream === undefined) console.log(text.replace(/\r?\n$/, ""));
  else stream.write(text);
}

/** Writes one line. */
export function writeLine(text: string): void {
  writeText(`${text}\n`);
}
