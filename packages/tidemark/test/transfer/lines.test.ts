import fc from "fast-check";
import { linesOf } from "../../src/transfer/lines.ts";
import { all, describe, expect, piecesOf, test } from "./test.ts";

const texts = (found: readonly { readonly text: string; readonly problem?: string }[]): string[] => found.map(({ text, problem }) => problem ?? text);

describe("the lines of a file", () => {
  test("are the same wherever its pieces are cut", async () => {
    const line = fc
      .oneof(fc.string({ unit: "grapheme", maxLength: 12 }), fc.constantFrom("", " ", "\r", "ä€𝄞", "\u2028"))
      .map((text) => text.replaceAll("\n", ""));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1 }), fc.integer({ min: 1, max: 9 }), async (given, size) => {
        const found = await all(linesOf(piecesOf(Buffer.from(given.join("\n")), size)));
        const expected = given.map((text, index) => (index === 0 ? text.replace(/^\ufeff/, "") : text));
        // A line feed at the very end ends the last line; it does not begin another.
        if (expected.at(-1) === "") expected.pop();
        expect(texts(found)).toEqual(expected);
        expect(found.map(({ number }) => number)).toEqual(expected.map((_, index) => index + 1));
      }),
    );
  });

  test("lose a byte order mark, at the beginning only", async () => {
    expect(texts(await all(linesOf(piecesOf(Buffer.from("\ufeffa\n\ufeffb")))))).toEqual(["a", "\ufeffb"]);
  });

  test.for([1, 3, 1000])("that are not UTF-8 harm no other, in pieces of %i bytes", async (size) => {
    const bytes = Buffer.concat([Buffer.from("ä\n"), Buffer.from([0xc3, 0x28, 0x0a, 0xff, 0x0a]), Buffer.from("€\nlast")]);
    expect(texts(await all(linesOf(piecesOf(bytes, size))))).toEqual(["ä", "is not UTF-8", "is not UTF-8", "€", "last"]);
  });

  test.for([1, 4, 7, 1000])("that are too long are told and passed over, in pieces of %i bytes", async (size) => {
    const bytes = Buffer.from("12345678\n123456789\n1\n1234567890123\n12\n123456789");
    const long = "is longer than 32 MiB";
    const found = await all(linesOf(piecesOf(bytes, size), 8));
    // What comes in one piece is in memory already: it is taken as it is.
    if (size < 1000) expect(texts(found).map((text) => text.length > 8)).toEqual([false, true, false, true, false, true]);
    if (size <= 4) expect(texts(found)).toEqual(["12345678", long, "1", long, "12", long]);
    expect(found.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("of an endless one are not kept in memory", async () => {
    // One piece, again and again: of others the garbage would count until it is collected.
    const piece = Buffer.alloc(1024 * 1024, "x");
    async function* endless(): AsyncGenerator<Buffer, void, undefined> {
      for (let n = 0; n < 200; n++) yield piece;
      yield Buffer.from("\nshort\n");
    }
    const before = process.memoryUsage().rss;
    expect(texts(await all(linesOf(endless())))).toEqual(["is longer than 32 MiB", "short"]);
    expect(process.memoryUsage().rss - before).toBeLessThan(120 * 1024 * 1024);
  });

  test("are none in an empty file", async () => {
    expect(await all(linesOf(piecesOf(Buffer.from(""))))).toEqual([]);
  });
});
