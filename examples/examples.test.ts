import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const folder = import.meta.dirname;
const examples = globSync(["*.ts", "*/main.ts"], { cwd: folder, exclude: ["*.test.ts"] }).toSorted();

test.for(examples)("%s prints what it says at its end", async (name) => {
  const file = join(folder, name);
  const said = Array.from(readFileSync(file, "utf8").matchAll(/^\/\/ => (.*)$/gm), ([, line]) => line);
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=source", file]);
  expect(said.length).toBeGreaterThan(0);
  expect(stdout.trimEnd().split("\n")).toEqual(said);
});
