import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { openSource } from "../../src/transfer/source.ts";
import { describe, expect, test } from "./test.ts";

const text = "line\n".repeat(100_000);

async function read(content: Buffer, name = "file"): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-source-"));
  try {
    await writeFile(join(folder, name), content);
    using source = await openSource(join(folder, name), Readable.from([]));
    const chunks: Buffer[] = [];
    for await (const chunk of source.chunks) chunks.push(chunk);
    expect([source.bytes, source.bytesRead()]).toEqual([content.length, content.length]);
    return Buffer.concat(chunks).toString();
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("the bytes of a file", () => {
  test("come as they are, unpacked where they are gzip, whatever the name", async () => {
    expect(await read(Buffer.from(text))).toBe(text);
    expect(await read(Buffer.from(text), "plain.gz")).toBe(text);
    expect(await read(gzipSync(text))).toBe(text);
    expect(await read(Buffer.concat([gzipSync("a\n"), gzipSync("b\n")]))).toBe("a\nb\n");
    expect(await read(Buffer.from(""))).toBe("");
  });

  test("come from stdin too", async () => {
    using source = await openSource("-", Readable.from([gzipSync("a\nb")]));
    const chunks: Buffer[] = [];
    for await (const chunk of source.chunks) chunks.push(chunk);
    expect([Buffer.concat(chunks).toString(), source.bytes]).toEqual(["a\nb", undefined]);
  });

  test.for([
    { what: "cut gzip", content: gzipSync(text).subarray(0, 200), told: "ends in the middle of its gzip data" },
    { what: "damaged gzip", content: Buffer.from("1f8b0800000000000003ffffffffffff", "hex"), told: "holds damaged gzip data" },
    { what: "UTF-16", content: Buffer.from("\ufeffa,b", "utf16le"), told: "is UTF-16; save it as UTF-8" },
  ])("of $what are refused", async ({ content, told }) => {
    await expect(read(content)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining(told) });
  });

  test("are none where there is no file, or a folder", async () => {
    await expect(openSource("/no/such/file", Readable.from([]))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("cannot be read: ENOENT"),
    });
    await expect(openSource(tmpdir(), Readable.from([]))).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining("is a folder") });
  });
});
