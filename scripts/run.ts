import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";

/** The repository's root. */
export const root: string = dirname(import.meta.dirname);

/** The tools' entry points, so that no shell is needed to find them: scripts must run on Windows too. */
export const tools = {
  tsc: "node_modules/typescript/bin/tsc",
  oxlint: "node_modules/oxlint/bin/oxlint",
  oxfmt: "node_modules/oxfmt/bin/oxfmt",
  vitest: "node_modules/vitest/vitest.mjs",
} as const;

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Another Node.js than the one that runs this script: a version of the npm package `node`. */
  readonly nodeVersion?: string;
}

/** Runs a Node.js program from the root, its output to the terminal, and returns its exit code. */
export async function run(program: string, args: readonly string[], { env, nodeVersion }: RunOptions = {}): Promise<number> {
  const command = nodeVersion === undefined ? [program] : [npm(), "exec", "--yes", `--package=node@${nodeVersion}`, "--", "node", program];
  const child = spawn(process.execPath, [...command, ...args], { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
  const [code]: (number | null)[] = await once(child, "close");
  return code ?? 1;
}

/** Says on its own line what comes now. */
export function announce(what: string): void {
  console.log(`\n▸ ${what}`);
}

/** npm names its own entry point to the scripts it runs. */
export function npm(): string {
  const path = process.env["npm_execpath"];
  if (path === undefined) throw new Error("This script starts packages through npm. Run it with: npm run …, or npm test");
  return path;
}

export function inRoot(...path: string[]): string {
  return join(root, ...path);
}
