import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { run } from "../../src/cli/program.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What stands on stdin. Default: there is none. */
  readonly input?: string | Uint8Array;
}

/** The command's own process, its environment without what would change its output or its database. */
export function start(args: readonly string[], { env = {}, cwd }: RunOptions = {}, stdio: SpawnOptions["stdio"] = ["ignore", "pipe", "pipe"]): ChildProcess {
  const { DATABASE_URL: _url, FORCE_COLOR: _force, NO_COLOR: _no, NODE_OPTIONS: _options, ...inherited } = process.env;
  return spawn(process.execPath, ["--conditions=source", main, ...args], { env: { ...inherited, ...env }, ...(cwd !== undefined && { cwd }), stdio });
}

/** Runs `tidemark …` to its end. */
export async function tidemark(args: readonly string[], options?: RunOptions): Promise<Ended> {
  const child = start(args, options, [options?.input === undefined ? "ignore" : "pipe", "pipe", "pipe"]);
  // It may end before it has read everything.
  child.stdin?.on("error", () => {}).end(options?.input);
  const output = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  const [code] = await once(child, "close");
  return { code, ...output };
}

export interface InsideOptions extends Omit<RunOptions, "cwd"> {
  /** Characters in a line of the terminal that it runs on. Default: it runs in a pipe. */
  readonly columns?: number;
  /** What is typed at the terminal, in place of `input`. */
  readonly typed?: string;
  /** Somebody looks at stderr on a terminal. */
  readonly watched?: boolean;
}

/** The same in this process, which spares the start of another. */
export async function inside(args: readonly string[], { env = {}, input, columns, typed, watched = false }: InsideOptions = {}): Promise<Ended> {
  const given = input ?? typed;
  const stdin = Object.assign(Readable.from(given === undefined ? [] : [given]), { isTTY: typed !== undefined });
  const stdout = Object.assign(new PassThrough(), columns === undefined ? {} : { isTTY: true, columns });
  const stderr = Object.assign(new PassThrough(), { isTTY: watched });
  const code = run(args, { stdin, stdout, stderr, env, cwd: () => process.cwd() }).finally(() => {
    stdout.end();
    stderr.end();
  });
  const [told, said] = await Promise.all([text(stdout), text(stderr)]);
  return { code: await code, stdout: told, stderr: said };
}

/** The JSON documents on stdout, one a line. */
export function documentsOf({ stdout }: Ended): unknown[] {
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** The one JSON document on stdout. Throws where there is none or more than one. */
export function documentOf({ stdout }: Ended): unknown {
  return JSON.parse(stdout);
}
