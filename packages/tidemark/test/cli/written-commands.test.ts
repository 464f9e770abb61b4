import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type Command, CommanderError } from "commander";
import { createProgram } from "../../src/cli/program.ts";
import { Terminal } from "../../src/cli/terminal.ts";
import { toGoOn, toListLetters, toResume } from "../../src/operations/follower-commands.ts";
import { describe, expect, test } from "../support/test.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** Commands as pages write them for a shell, each with its page. Dots and angle brackets stand for what the reader puts there. */
async function written(): Promise<readonly { readonly page: string; readonly line: string }[]> {
  const found: { readonly page: string; readonly line: string }[] = [];
  for await (const page of glob(["README.md", "docs/**/*.md"], { cwd: root })) {
    const text = await readFile(join(root, page), "utf8");
    for (const [, block = ""] of text.matchAll(/^ *```(?:sh|bash|console)\n(.*?)^ *```/gms))
      for (const [, line = ""] of block.replaceAll("\\\n", " ").matchAll(/^ *(?:\$ )?(?:[A-Z_]+=\S+ )*(?:npx )?tidemark(?: +(.*))?$/gm))
        found.push({ page, line });
  }
  return found;
}

/** As far as a pipe, a redirection, a second command or a comment. */
function argumentsOf(line: string): readonly string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"]+)/g)].map(([whole, single, double]) => ({ whole, word: single ?? double ?? whole }));
  const end = words.findIndex(({ whole }) => /^(?:[|&;<>#]|2>)/.test(whole) && !/^<[\w-]+>$/.test(whole));
  return (end === -1 ? words : words.slice(0, end)).map(({ word }) => word);
}

/** What is wrong with a command, which is not run; undefined: nothing. */
async function refusal(args: readonly string[]): Promise<string | undefined> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const program = createProgram(new Terminal({ stdin: Readable.from([]), stdout, stderr, env: {}, cwd: () => root }));
  doNothing(program);
  try {
    await program.parseAsync(args, { from: "user" });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) return String(error);
    return error.exitCode === 0 ? undefined : error.message;
  }
}

/** Groups keep none, so that a command of theirs that does not exist is refused. */
function doNothing(command: Command): void {
  command.exitOverride();
  if (command.commands.length === 0) command.action(() => {});
  for (const below of command.commands) doNothing(below);
}

describe("commands that pages and advice name", () => {
  test("are commands, with arguments and options that they take", async () => {
    const lines = await written();
    // Else the pattern finds nothing, and nothing is shown.
    expect(lines.length).toBeGreaterThan(100);
    const wrong: string[] = [];
    for (const { page, line } of lines) {
      const refused = await refusal(argumentsOf(line).map((word) => word.replace(/^<position>$/, "1")));
      if (refused !== undefined) wrong.push(`${page}: tidemark ${line}: ${refused}`);
    }
    expect(wrong).toEqual([]);
  });

  test.for(["consumer", "projection", "relay"] as const)("for a %s, in advice", async (kind) => {
    const follower = { kind, name: "mine" };
    for (const advice of [toResume(follower), toGoOn(follower), ...(kind === "projection" ? [] : [toListLetters(follower)])]) {
      const command = /tidemark (.*)$/.exec(advice)?.[1] ?? "";
      expect([command, await refusal(argumentsOf(command.replace("<position>", "1")))]).toEqual([command, undefined]);
    }
  });
});
