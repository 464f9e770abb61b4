import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "../support/test.ts";
import { documentOf, inside } from "./run.ts";

/** What bash proposes for the last of these words. */
async function proposed(...words: readonly string[]): Promise<readonly string[]> {
  const { stdout: script } = await inside(["completion", "bash"]);
  const list = ["tidemark", ...words].map((word) => `'${word}'`).join(" ");
  const program = `${script}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length}; _tidemark; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)("bash", ["--norc", "-c", program]);
  return stdout.split("\n").filter((line) => line !== "");
}

describe("tidemark completion bash", () => {
  test.for([
    [["mig"], ["migrate"]],
    [
      ["migrate", ""],
      ["up", "status", "verify", "chain", "sql", "roles", "--help"],
    ],
    [["migrate", "up", "--dr"], ["--dry-run"]],
    [
      ["consumers", "re"],
      ["resume", "reset", "rename"],
    ],
    [["--schema", "x", "str"], ["streams"]],
    [["streams", "cart-1", "--ten"], ["--tenant"]],
    [
      ["import", "--format", ""],
      ["ndjson", "csv", "cloudevents"],
    ],
    [["import", "--format", "cl"], ["cloudevents"]],
    [["read", "--stream", ""], []],
    [["indexes", "create", "c"], ["causation"]],
    [
      ["completion", ""],
      ["bash", "zsh", "fish", "--json", "--help"],
    ],
  ] as const)("proposes for %j: %j", async ([words, expected]) => {
    expect(await proposed(...words)).toEqual(expected);
  });
});

describe.for(["bash", "zsh", "fish"])("the script for %s", (shell) => {
  test("knows every command and every option", async () => {
    const { code, stdout: script } = await inside(["completion", shell]);
    expect(code).toBe(0);
    const { stdout: help } = await inside(["import", "--help"]);
    const options = [...help.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)].map(([, name = ""]) => name);
    expect(options.length).toBeGreaterThan(20);
    for (const option of options) expect(script).toContain(shell === "fish" ? `-l '${option}'` : `--${option}`);
    const { stdout: all } = await inside(["--help"]);
    const commands = [...all.slice(all.indexOf("Commands:"), all.indexOf("Examples:")).matchAll(/^ {2}([\w-]+)/gm)].map(([, name = ""]) => name);
    expect(commands.length).toBeGreaterThan(15);
    for (const command of commands) expect(script).toContain(command);
  });

  test("can be had as JSON", async () => {
    const { stdout: script } = await inside(["completion", shell]);
    expect(documentOf(await inside(["completion", shell, "--json"]))).toEqual({ shell, script });
  });
});

test("another shell is refused", async () => {
  expect(await inside(["completion", "tcsh"])).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("bash, zsh, fish") });
});
