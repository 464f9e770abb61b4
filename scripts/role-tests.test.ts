import { existsSync, globSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { filesOf, pathOfFolder, roles, roleTests } from "./role-tests.ts";
import { inRoot, root } from "./run.ts";

test("each folder of tests says which of its files run as which role, and why the others do not", () => {
  const folders = globSync("packages/{tidemark,studio}/test/**/*.test.ts", { cwd: root }).map((file) => dirname(file).replaceAll("\\", "/"));
  const named = Object.keys(roleTests).map((folder) => pathOfFolder(folder).replaceAll("\\", "/"));
  expect(named.toSorted()).toEqual([...new Set(folders)].toSorted());
  expect(Object.entries(roleTests).filter(([, { rest }]) => rest === "")).toEqual([]);
});

test("the files that run as a role are there, and each role has some", () => {
  for (const role of roles) {
    const files = filesOf(role);
    expect(files).not.toEqual([]);
    expect(files.filter((file) => !existsSync(inRoot(file)))).toEqual([]);
  }
});
