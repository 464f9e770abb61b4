import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** The command's own process, its environment without what would change its output or its database. */
export function start(args: readonly string[], { env = {}, cwd }: RunOptions = {}, stdio: SpawnOptions["stdio"] = ["ignore", "pipe", "pipe"]): ChildProcess {
  const { DATABASE_URL: _url, FORCE_COLOR: _force, NO_COLOR: _no, NODE_OPTIONS: _options, ...inherited } = process.env;
  return spawn(process.execPath, ["--conditions=source", main, ...args], { env: { ...inherited, ...env }, ...(cwd !== undefined && { cwd }), stdio });
}

/** Runs `tidemark …` to its end. */
export async function tidemark(args: readonly string[], options?: RunOptions): Promise<Ended> {
  const child = start(args, options);
  const output = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  const [code] = await once(child, "close");
  return { code, ...output };
}

/** The one JSON document on stdout. Throws where there is none or more than one. */
export function documentOf({ stdout }: Ended): unknown {
  return JSON.parse(stdout);
}
