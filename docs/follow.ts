import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

interface Block {
  readonly language: string;
  readonly title: string;
  readonly text: string;
}

/** What a command or program prints: stdout, then stderr. */
function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(command, [...args], { cwd, env }, (error, stdout, stderr) => resolve({ code: error ? 1 : 0, output: stdout + stderr }));
  });
}

/** `…` stands for what differs from run to run, and text that is told on stderr may come around it. */
function pattern(text: string): RegExp {
  const escaped = text.trimEnd().replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(escaped.replaceAll("…", ".*"));
}

/** A folder as a reader has it: the package in node_modules, and `node` and `tidemark` on the PATH. */
async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-guide-"));
  await mkdir(join(folder, "bin"));
  await symlink(process.execPath, join(folder, "bin/node"));
  await writeFile(
    join(folder, "bin/tidemark"),
    `#!/bin/sh\nexec "${join(root, "node_modules/.bin/node")}" "${join(root, "packages/tidemark/src/cli/main.ts")}" "$@"\n`,
  );
  await chmod(join(folder, "bin/tidemark"), 0o755);
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  return folder;
}

/**
 * Does what a page tells its reader to do, from its first block to its last. A block with a file's name becomes that file; `sh` and a
 * `ts` without a name are run, and a `text` block is what they print; `console` is for what needs the network. The command runs from its
 * sources, which need the repository's own Node.js, not the oldest one. Returns how many programs and commands printed what the page says.
 */
export async function follow(page: string, environment: NodeJS.ProcessEnv): Promise<number> {
  const markdown = await readFile(join(root, page), "utf8");
  const blocks = Array.from(markdown.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm), ([, language = "", title = "", text = ""]): Block => ({
    language,
    title,
    text,
  }));
  const folder = await emptyFolder();
  try {
    const { NODE_OPTIONS: _options, DATABASE_URL: _url, NODE_TEST_CONTEXT: _context, ...inherited } = process.env;
    const env = { ...inherited, ...environment, NODE_OPTIONS: "--conditions=source", PATH: `${join(folder, "bin")}:${process.env["PATH"]}` };
    let printed: string | undefined;
    let compared = 0;
    for (const { language, title, text } of blocks) {
      if (language === "console") continue;
      if (title.includes(".")) await writeFile(join(folder, title), text);
      else if (language === "sh") {
        const { code, output } = await run("sh", ["-e", "-c", text], folder, env);
        assert.equal(code, title === "fails" ? 1 : 0, `${text}${output}`);
        printed = output;
      } else if (language === "ts") {
        await writeFile(join(folder, "program.ts"), text);
        printed = (await run("node", ["program.ts"], folder, env)).output;
      } else {
        assert.match(printed ?? "", pattern(text));
        printed = undefined;
        compared++;
      }
    }
    return compared;
  } finally {
    await rm(folder, { recursive: true });
  }
}
