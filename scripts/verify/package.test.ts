import { readFile } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { describe, expect, inject, test } from "vitest";
import { inRoot } from "../run.ts";
import { outputOf } from "./output.ts";

describe.each(["tarball", "studioTarball"] as const)("what is published (%s)", (name) => {
  test("has nothing that publint objects to", async () => {
    const bytes = await readFile(inject(name));
    const { messages, pkg } = await publint({ pack: { tarball: Uint8Array.from(bytes).buffer }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  test("gives its types to every kind of module resolution that can import ES modules", async () => {
    // It fails, and so does this, when there is a problem that the profile does not leave out.
    const report = await outputOf("node_modules/@arethetypeswrong/cli/dist/index.js", inject(name), "--profile=esm-only", "--format=ascii", "--no-color");
    expect(report).toMatch(/^node16 \(from ESM\): 🟢 \(ESM\)$/m);
    expect(report).toMatch(/^bundler: 🟢 $/m);
  });
});

describe("the package", () => {
  test("holds the kinds of files it should, where they should be", () => {
    const kinds = new Set(
      inject("packedFiles").map((path) => (path.includes("/") ? `${dirname(path)}/*${path.endsWith(".d.ts") ? ".d.ts" : extname(path)}` : path)),
    );
    expect([...kinds].toSorted()).toMatchSnapshot();
  });

  test("holds no tests and no build state", () => {
    expect(inject("packedFiles").filter((path) => /\.test\.|tsbuildinfo|\.(env|tgz|log)$/.test(path))).toEqual([]);
  });

  test("shows pages whose links lead somewhere on the registry", async () => {
    for (const page of ["README.md", "CHANGELOG.md"]) {
      const targets = Array.from((await readFile(inRoot(`packages/tidemark/${page}`), "utf8")).matchAll(/\]\(([^)]+)\)/g), ([, target]) => target);
      expect(targets.filter((target) => !/^(#|https:\/\/)/.test(target ?? ""))).toEqual([]);
    }
  });

  test("carries the repository's licence", async () => {
    expect(await readFile(inRoot("packages/tidemark/LICENSE"), "utf8")).toBe(await readFile(inRoot("LICENSE"), "utf8"));
  });
});
