import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { inRoot } from "./run.ts";
import { runtimes, servers } from "./support/matrix.ts";

test("the page of what is supported lists the runtimes and servers that are tried, and no others", async () => {
  const page = await readFile(inRoot("docs/reference/support.md"), "utf8");
  const rows = page
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const [head, , ...body] = rows;
  expect(head).toEqual(["", ...servers.map((version) => `PostgreSQL ${version}`)]);
  expect(body).toEqual(runtimes.map(({ name }) => [name, ...servers.map(() => "yes")]));
});
