import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "../support/test.ts";

const root = join(import.meta.dirname, "../../../..");

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

test("every command of the guide to bringing data prints what it says", async ({ databaseUrl }) => {
  const guide = await readFile(join(root, "docs/guides/bring-your-data.md"), "utf8");
  const blocks = Array.from(guide.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm), ([, language = "", title = "", text = ""]): Block => ({
    language,
    title,
    text,
  }));
  const url = new URL(databaseUrl);
  url.searchParams.set("options", "-c search_path=public");
  const folder = await mkdtemp(join(tmpdir(), "tidemark-guide-"));
  try {
    await mkdir(join(folder, "bin"));
    await writeFile(
      join(folder, "bin/tidemark"),
      `#!/bin/sh\nexec "${process.execPath}" --conditions=source "${join(root, "packages/tidemark/src/cli/main.ts")}" "$@"\n`,
    );
    await chmod(join(folder, "bin/tidemark"), 0o755);
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    await writeFile(join(folder, "package.json"), '{"type":"module"}');
    const { NODE_OPTIONS: _options, ...inherited } = process.env;
    const env = { ...inherited, DATABASE_URL: url.href, PATH: `${join(folder, "bin")}:${process.env["PATH"]}` };
    let printed: string | undefined;
    for (const { language, title, text } of blocks) {
      if (language === "csv") await writeFile(join(folder, title), text);
      else if (language === "sh") {
        const { code, output } = await run("sh", ["-e", "-c", text], folder, env);
        expect([code, output], text).toEqual([title === "fails" ? 1 : 0, expect.any(String)]);
        printed = output;
      } else if (language === "ts") {
        await writeFile(join(folder, "program.ts"), text);
        printed = (await run(process.execPath, ["--conditions=source", "program.ts"], folder, env)).output;
      } else {
        expect(printed, text).toMatch(pattern(text));
        printed = undefined;
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
