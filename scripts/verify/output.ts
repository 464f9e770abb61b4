import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { npm, root } from "../run.ts";

/** Runs a Node.js program from the root and returns what it wrote. Rejects, with all that it wrote, when it fails. */
export async function outputOf(program: string, ...args: readonly string[]): Promise<string> {
  const child = promisify(execFile)(process.execPath, [program, ...args], { cwd: root, maxBuffer: 2 ** 26, env: environment() });
  const { stdout } = await child.catch((error: Error & { stdout?: string; stderr?: string }) => {
    throw new Error(`${program} ${args.join(" ")} failed:\n${error.stdout}\n${error.stderr}`, { cause: error });
  });
  return stdout;
}

/** Runs a command of an npm package that is not a dependency: `packageOutput("bun@1.4.5", "bun", "script.mjs")`. */
export function packageOutput(name: string, ...command: readonly string[]): Promise<string> {
  return outputOf(npm(), "exec", "--yes", `--package=${name}`, "--", ...command);
}

/** Without what the test runner sets for its own workers: the package must be measured as users start it. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_ENV: _mode, VITEST: _vitest, ...rest } = process.env;
  return rest;
}
