import { readCsv, type CsvOptions } from "../../src/transfer/csv.ts";
import { InvalidArgumentError } from "../../src/errors/errors.ts";
import { isBad } from "../../src/transfer/ndjson.ts";
import { all, describe, expect, piecesOf, rejection, test } from "./test.ts";

async function read(text: string, options: CsvOptions): Promise<unknown[]> {
  const found = await all(readCsv(piecesOf(Buffer.from(text)), options));
  return found.map((line) => (isBad(line) ? line.reason : line.envelope.value));
}

async function refusal(text: string, options: CsvOptions = { stream: "{a}", type: "T" }): Promise<string> {
  const error = await rejection(read(text, options));
  if (!(error instanceof InvalidArgumentError)) throw error;
  return error.message;
}

const history = "committed_at,commit,change,path,from\n2010-01-19T19:39:18+00:00,89f4,FileAdded,core/pom.xml,\n";

test("a CSV file whose lines end in CR alone is refused, not taken for a header", async () => {
  expect(await refusal("a,b\r1,2\r")).toContain("<file> has no header: line 1 has a carriage return outside of quotes");
});

describe("the columns of a CSV file", () => {
  test("become stream, type and time by templates, and data where they are not used", async () => {
    expect(await read(history, { stream: "file-{path}", type: "{change}", time: "committed_at" })).toMatchObject([
      { streamId: "file-core/pom.xml", type: "FileAdded", recordedAt: "2010-01-19T19:39:18+00:00", data: { commit: "89f4", from: "" }, metadata: {}, tags: [] },
    ]);
  });

  test("become tags, metadata and numbers by choice, and stay in data by choice", async () => {
    const options: CsvOptions = {
      stream: "order-{number}",
      type: "Order{what}",
      tag: ["customer:{who}", "place:{place}"],
      metadata: ["trace"],
      number: ["total", "discount"],
      data: ["number"],
      omitEmpty: true,
    };
    expect(await read("number,what,who,place,trace,total,discount,note\n7,Placed,ada,,t1,12.50,,\n", options)).toMatchObject([
      { streamId: "order-7", type: "OrderPlaced", tags: ["customer:ada"], metadata: { trace: "t1" }, data: { number: "7", who: "ada", total: 12.5 } },
    ]);
  });

  test("may have any name", async () => {
    const [event] = await read("__proto__,constructor,a b\nx,y,z\n", { stream: "s-{a b}", type: "T" });
    expect(JSON.stringify(event)).toContain('"data":{"__proto__":"x","constructor":"y"}');
  });

  test("with an id that is a UUID or a text that names the event", async () => {
    const uuid = "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78";
    const found = await all(readCsv(piecesOf(Buffer.from(`a,b\n1,${uuid}\n2,order 2\n3,\n`)), { stream: "s-{a}", type: "T", id: "b" }));
    expect(found).toMatchObject([{ envelope: { value: { id: uuid } } }, { name: "order 2" }, {}]);
    expect(found[2]).not.toHaveProperty("name");
  });

  test("that are numbers refuse what is none, or what a number cannot hold", async () => {
    const found = await read("a,n\n1,x\n2,9007199254740993\n3,0x10\n4,1e400\n5, 1\n6,-1.5e3\n", { stream: "s-{a}", type: "T", number: ["n"] });
    expect(found).toMatchObject([
      'n is "x", which is not a number',
      'n is "9007199254740993", which JavaScript cannot hold exactly; keep it as text, without --number',
      'n is "0x10", which is not a number',
      'n is "1e400", which JavaScript cannot hold exactly; keep it as text, without --number',
      { data: { n: 1 } },
      { data: { n: -1500 } },
    ]);
  });

  test("that a record lacks, or has too many of, make it a bad line", async () => {
    expect(await read("a,b\n1\n1,2,3\n1,2\n", { stream: "{a}", type: "T" })).toMatchObject([
      "has 1 fields where the header has 2",
      "has 3 fields where the header has 2",
      { streamId: "1" },
    ]);
  });
});

describe("a CSV file is refused", () => {
  test.for<{ text: string; options?: CsvOptions; told: string }>([
    { text: "", told: "is empty" },
    { text: "\n \n", told: "is empty" },
    { text: "a,,c\n", told: "has no name for column 2" },
    { text: "a,b,a\n", told: 'has two columns called "a"' },
    { text: "a;b;c\n", told: 'pass --delimiter ";"' },
    {
      text: "committed,b\n",
      options: { stream: "{comitted}", type: "T" },
      told: '--stream names the column "comitted", but the file does not have it; did you mean "committed"?',
    },
    { text: "path,size\n", options: { stream: "{id of it}", type: "T" }, told: 'it has "path", "size"' },
    { text: "a\n", options: { stream: "{a", type: "T" }, told: 'has a single "{"' },
    { text: "a\n", options: { type: "T" }, told: "--stream is missing" },
    { text: "a\n", options: { stream: "{a}" }, told: "--type is missing" },
    { text: "a\n", options: {}, told: "the file's header is not that of an export" },
    { text: "streamId,type,data,colour\n", options: {}, told: 'has the column "colour", which an export does not write' },
    { text: "streamId,type,data\n", options: { time: "streamId" }, told: "--time needs --stream and --type" },
  ])("where $told", async ({ text, options, told }) => {
    expect(await refusal(text, options)).toContain(told);
  });

  test("but not where it has a header alone", async () => {
    expect(await read("a,b\n", { stream: "{a}", type: "T" })).toEqual([]);
  });
});
