import fc from "fast-check";
import { recordsOf } from "../../src/transfer/csv-records.ts";
import { all, describe, expect, piecesOf, test } from "./test.ts";

async function read(text: string, delimiter = ",", size = 1000): Promise<unknown[]> {
  return (await all(recordsOf(piecesOf(Buffer.from(text), size), delimiter))).map(({ line, fields, problem }) => problem ?? [line, ...fields]);
}

function quote(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

describe("the records of a CSV file", () => {
  test("come back as they were written, wherever its pieces are cut", async () => {
    const field = fc.oneof(fc.string({ unit: "grapheme", maxLength: 6 }), fc.constantFrom("", '"', '""', "\n", "\r\n", ",", 'a"b', " ", "ä€𝄞"));
    // A record of blanks alone is a blank line, and a byte order mark begins a file.
    const record = fc.array(field, { minLength: 2, maxLength: 4 }).map((fields) => ["x", ...fields]);
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1 }), fc.integer({ min: 1, max: 30 }), fc.constantFrom("\n", "\r\n"), async (records, size, end) => {
        const text = records.map((fields) => fields.map(quote).join(",") + end).join("");
        const found = await all(recordsOf(piecesOf(Buffer.from(text), size), ","));
        expect(found.map(({ fields }) => fields)).toEqual(records);
      }),
    );
  });

  test("know the line where they begin, and pass blank lines over", async () => {
    expect(await read('a,b\n\n"x\ny",z\n  \r\nc,d')).toEqual([
      [1, "a", "b"],
      [3, "x\ny", "z"],
      [6, "c", "d"],
    ]);
  });

  test("may be separated by another character", async () => {
    expect(await read('a;b,c;"d;""e"', ";")).toEqual([[1, "a", "b,c", 'd;"e']]);
  });

  test("whose lines end in CR alone are told as such, and do not become a header without records", async () => {
    const problem = expect.stringContaining("has a carriage return outside of quotes; end lines with LF or CRLF");
    expect(await read("a,b\r1,2\r3,4\r")).toEqual([problem]);
    expect(await read('a,b\r1,"x"\r')).toEqual([problem]);
    expect(await read('a,b\n1,2\r3,4\n5,"6\r7"\r\n')).toEqual([[1, "a", "b"], problem, [3, "5", "6\r7"]]);
    expect(await read("a\r\r\n1\r\n")).toEqual([problem, [2, "1"]]);
  });

  test.for([1, 5, 1000])("after a wrong one are all there, in pieces of %i bytes", async (size) => {
    const text = 'a,b\n1,"x"y\n2,z\n3,5" pipe\n4,"open\n5,"fine"\n6,last';
    expect(await read(text, ",", size)).toEqual([
      [1, "a", "b"],
      'has "y" behind the closing quote of field 2',
      [3, "2", "z"],
      "has a quote inside field 2, which is not quoted; quote the field and double the quote",
      "has a quote that is never closed",
      [6, "5", "fine"],
      [7, "6", "last"],
    ]);
  });

  test("after bytes that are no UTF-8 are all there", async () => {
    const bytes = Buffer.concat([Buffer.from('a\n"b'), Buffer.from([0xff]), Buffer.from('"\nc\n"d\n'), Buffer.from([0xff]), Buffer.from("\ne\n")]);
    const found = await all(recordsOf(piecesOf(bytes), ","));
    expect(found.map(({ line, fields, problem }) => [line, problem ?? fields[0]])).toEqual([
      [1, "a"],
      [2, "is not UTF-8"],
      [3, "c"],
      [4, "has a quote that is never closed"],
      [5, "is not UTF-8"],
      [6, "e"],
    ]);
  });
});
