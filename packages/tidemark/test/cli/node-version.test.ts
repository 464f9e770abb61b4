import { describe, expect, test } from "vitest";
import { tidemark } from "./run.ts";

const pretend = (version: string): string =>
  `--import=data:text/javascript,${encodeURIComponent(`Object.defineProperty(process,"versions",{value:{...process.versions,node:"${version}"}})`)}`;

describe("the command", () => {
  test.for(["20.20.2", "22.17.9"])("refuses Node.js %s before it does anything", async (version) => {
    const { code, stdout, stderr } = await tidemark(["streams", "--url", "file:./never"], { env: { NODE_OPTIONS: pretend(version) } });
    expect(stderr).toContain(`tidemark needs Node.js 22.18 or later; this is ${version} (`);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  test("runs on the oldest that it supports", async () => {
    expect(await tidemark(["--version"], { env: { NODE_OPTIONS: pretend("22.18.0") } })).toMatchObject({ code: 0, stderr: "" });
  });
});
