import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { withAbsoluteLinks } from "./links.ts";
import { inRoot } from "./run.ts";

describe("a page that is packed", () => {
  test("leads to the repository, and keeps anchors and addresses", () => {
    expect(withAbsoluteLinks("[a](docs/a.md#b) [b](#c) [d](https://e.f) [g](mailto:h@i)")).toBe(
      "[a](https://github.com/tidemark/tidemark/blob/main/docs/a.md#b) [b](#c) [d](https://e.f) [g](mailto:h@i)",
    );
  });

  test.each(["README.md", "CHANGELOG.md"])("%s leads to files that are there", async (page) => {
    const packed = withAbsoluteLinks(await readFile(inRoot(page), "utf8"));
    const paths = Array.from(packed.matchAll(/\]\(https:\/\/github\.com\/tidemark\/tidemark\/blob\/main\/([^)#]+)/g), ([, path]) => path ?? "");
    expect(paths.filter((path) => !existsSync(inRoot(path)))).toEqual([]);
  });
});
