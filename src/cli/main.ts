#!/usr/bin/env node
/** The command line: `nabla COMMAND ...`. Exit codes: 0 done, 1 it failed, 2 the command line is wrong. */
import { parseArgs, styleText } from "node:util";
import { errors } from "../index.ts";
import { bench } from "./bench.ts";
import { type Command, type OptionSpec, UsageError } from "./command.ts";
import { convert } from "./convert.ts";
import { doctor } from "./doctor.ts";
import { evaluate } from "./evaluate.ts";
import { info } from "./info.ts";
import { predict } from "./predict.ts";
import { train } from "./train.ts";

const commands: Readonly<Record<string, Command>> = { info, convert, predict, evaluate, train, bench, doctor };

const common: Readonly<Record<string, OptionSpec>> = {
  json: { type: "boolean", description: "prints the result as JSON" },
  help: { type: "boolean", short: "h", description: "prints this help" },
};

function colour(style: "bold" | "red" | "cyan", text: string, stream: NodeJS.WriteStream): string {
  return stream.isTTY === true && process.env["NO_COLOR"] === undefined ? styleText(style, text) : text;
}

function overview(): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${colour("cyan", name.padEnd(9), process.stdout)} ${summary}`);
  return `${colour("bold", "nabla", process.stdout)} COMMAND ...\n\n${rows.join("\n")}\n\nnabla COMMAND --help shows options and examples.`;
}

function help(name: string, { summary, positionals, options, examples }: Command): string {
  const all = Object.entries({ ...options, ...common });
  const titles = all.map(
    ([key, { short, value }]) => `${short === undefined ? "    " : `-${short}, `}--${key}${value === undefined ? "" : ` ${value}`}`,
  );
  const width = Math.max(...titles.map(({ length }) => length));
  const rows = all.map(([, { description }], i) => wrapped(`  ${titles[i]!.padEnd(width)}  `, description));
  const usage = `${colour("bold", `nabla ${name}`, process.stdout)} ${[...positionals, "[options]"].join(" ")}`;
  return `${usage}\n\n${summary}\n\n${rows.join("\n")}\n\nExamples\n${examples.map((line) => `  ${line}`).join("\n")}`;
}

/** A text beside its title, in lines that fit the terminal; below the title where there is no room beside it. */
function wrapped(title: string, text: string): string {
  const columns = process.stdout.columns ?? 100;
  const beside = columns - title.length >= 30;
  const indent = beside ? title.length : 8;
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns - indent) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  const [first, ...rest] = beside ? lines : ["", ...lines];
  return [`${title}${first}`.trimEnd(), ...rest.map((part) => " ".repeat(indent) + part)].join("\n");
}

async function run(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    console.log(overview());
    return name === undefined ? 2 : 0;
  }
  const found = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (found === undefined) {
    const near = errors.nearestNames(name, Object.keys(commands));
    throw new UsageError(
      `there is no command ${JSON.stringify(name)}${near.length > 0 ? `; perhaps ${near.join(" or ")}` : `; there are ${Object.keys(commands).join(", ")}`}`,
    );
  }
  const specs = { ...found.options, ...common };
  const options = Object.fromEntries(
    Object.entries(specs).map(([key, { type, short }]) => [key, short === undefined ? { type } : { type, short }]),
  );
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: rest, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const values = parsed.values as Record<string, string | boolean | undefined>;
  if (values["help"] === true) {
    console.log(help(name, found));
    return 0;
  }
  const needed = found.positionals.filter((positional) => !positional.startsWith("[")).length;
  if (parsed.positionals.length < needed || parsed.positionals.length > found.positionals.length)
    throw new UsageError(
      `nabla ${name} takes ${found.positionals.join(" ") || "no arguments"}, not ${parsed.positionals.join(" ") || "nothing"}; nabla ${name} --help says more`,
    );
  const result = await found.run(parsed.positionals, values);
  console.log(values["json"] === true ? JSON.stringify(result) : found.print(result, values));
  return 0;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const usage = error instanceof UsageError;
  const text =
    error instanceof Error ? (usage || error instanceof errors.NablaError ? error.message : (error.stack ?? error.message)) : String(error);
  const asked = process.argv.includes("--json");
  console.error(asked ? JSON.stringify({ error: text }) : `${colour("red", "nabla:", process.stderr)} ${text}`);
  process.exitCode = usage ? 2 : 1;
}
