import { CloudEvent } from "cloudevents";
import fc from "fast-check";
import { batchItems } from "../../src/transfer/batch-items.ts";
import { checkSource } from "../../src/transfer/cloudevents-writer.ts";
import { readCloudEvents } from "../../src/transfer/cloudevents.ts";
import { BadLineError } from "../../src/transfer/transfer-error.ts";
import { all, describe, expect, item, lines, parsed, piecesOf, rejection, test } from "./test.ts";

const id = "0190a6b1-5c1e-7b6a-9d5e-000000000001";
const foreign = { specversion: "1.0", id: "A234", source: "/sensors/7", type: "Measured", subject: "sensor-7", time: "2026-11-20T10:00:00Z", data: { t: 21 } };

/** What the official SDK takes, and what its checks leave out: lists, objects and integers of more than 32 bits as attributes. */
function check(document: Readonly<Record<string, unknown>>): CloudEvent<unknown> {
  for (const [name, value] of Object.entries(document)) {
    if (name === "data") continue;
    const isInteger = typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 31;
    expect([name, typeof value === "string" ? value !== "" && !/\p{Cc}/u.test(value) : typeof value === "boolean" || isInteger]).toEqual([name, true]);
  }
  // It is strict about what it is given here, unlike HTTP.toEvent.
  return new CloudEvent(document);
}

/** A reason, as an import tells it. */
async function reasonOf(document: unknown): Promise<string | undefined> {
  const [line] = await all(readCloudEvents(piecesOf(Buffer.from(typeof document === "string" ? document : JSON.stringify(document)))));
  return line && "reason" in line ? line.reason : undefined;
}

describe("an export as CloudEvents", () => {
  const events = [
    item("cart-1", 1, {
      id,
      tags: ["b", 'ä"'],
      metadata: { correlationId: "c", causationId: "d\u0085", traceparent: "00-1", actorId: "ada", n: "x\u0085\uffff𝟿\u{1fffe}" },
      schemaVersion: 3,
    }),
    item("cart-2", 2, { tenant: "acme & co/ä", recordedAt: "0001-01-02T00:00:00.000Z" }),
    { streamId: "Ä 𝄞", type: "type with spaces", data: null },
    { streamId: "s", type: "T", data: false },
    '{"streamId":"s","type":"T","data":{"big":9007199254740993,"list":[1.10]},"metadata":{"big":9007199254740993}}',
  ];

  test("is taken by the official SDK, as lines and as a batch", async ({ log }) => {
    await log.import(lines(...events));
    const documents = parsed(await log.export("cloudevents"));
    const batch: unknown = JSON.parse(await log.export("cloudevents batch"));
    expect(batch).toMatchObject(
      documents.map(({ source, ...rest }) => ({ ...rest, source: String(source).replace("tidemark", "https://shop.example/events?of=all") })),
    );
    expect(documents.map((document) => check(document))).toMatchObject([
      {
        id,
        source: "tidemark",
        type: "ItemAdded",
        subject: "cart-1",
        datacontenttype: "application/json",
        schemaversion: 3,
        tidemarkversion: "1",
        tidemarkposition: "1",
        tidemarktags: '["b","ä\\""]',
        correlationid: "c",
        traceparent: "00-1",
        data: { n: 1 },
      },
      { source: "tidemark#acme%20%26%20co%2F%C3%A4", subject: "cart-2", tidemarktenant: "acme & co/ä", time: "0001-01-02T00:00:00.000Z" },
      { subject: "Ä 𝄞", type: "type with spaces" },
      { subject: "s" },
      { subject: "s", tidemarkmetadata: expect.stringContaining("9007199254740993") },
    ]);
    // An attribute may hold no control character, so that this one travels in the JSON of tidemarkmetadata alone, escaped.
    expect(documents[0]).not.toHaveProperty("causationid");
    expect(documents[0]?.["tidemarkmetadata"]).toMatch(/^[^\p{Cc}\p{Noncharacter_Code_Point}]+$/u);
    expect(documents.map(({ data }) => data)).toMatchObject([{ n: 1 }, { n: 2 }, null, false, {}]);
    expect(await log.export("cloudevents")).toContain('"data":{"big": 9007199254740993, "list": [1.10]}');
  });

  test("of nothing is an empty batch", async ({ log }) => {
    expect(JSON.parse(await log.export("cloudevents batch"))).toEqual([]);
    expect(await log.export("cloudevents")).toBe("");
    expect(await log.import("[]", {}, "cloudevents")).toMatchObject({ written: 0, bad: 0 });
  });

  test("is the same log again", async ({ log, openLog, schema }) => {
    await log.import(lines(...events));
    for (const format of ["cloudevents", "cloudevents batch"] as const) {
      const copy = await openLog(`${schema} ${format}`);
      await copy.import(await log.export(format), { keepPositions: true }, format);
      expect(await copy.export()).toBe(await log.export());
    }
  });

  test.for(["", "a b", "a#b", "100%", "ä", "a\nb"])("has no source %j", (source) => {
    expect(() => checkSource(source, "--source")).toThrow("--source must");
  });

  test.for(["tidemark", "https://shop.example/a?b=c%20d", "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66", "mailto:a@b.example", "/x", "https://[::1]:80/"])(
    "has the source %j",
    (source) => {
      expect(checkSource(source, "--source")).toBe(source);
      expect(check({ ...foreign, source }).source).toBe(source);
    },
  );
});

describe("an import of CloudEvents", () => {
  test("takes the subject as stream, and keeps in metadata what has no other place", async ({ log }) => {
    const event = {
      ...foreign,
      correlationid: "c",
      traceparent: "00-1",
      partitionkey: "p",
      sequence: 7,
      urgent: true,
      schemaversion: "1.2",
      absent: null,
      dataschema: "https://x.example/s",
      datacontenttype: "application/vnd.x+json; charset=utf-8",
    };
    await log.import(lines(event, { ...foreign, id, subject: undefined, schemaversion: 2, datacontenttype: "application/json" }), {}, "cloudevents");
    expect(parsed(await log.export())).toMatchObject([
      {
        streamId: "sensor-7",
        type: "Measured",
        data: { t: 21 },
        recordedAt: "2026-11-20T10:00:00.000Z",
        schemaVersion: 1,
        version: 1,
        tags: [],
        tenant: "",
      },
      { streamId: "/sensors/7", id, schemaVersion: 2, metadata: { source: "/sensors/7" } },
    ]);
    expect(parsed(await log.export())[0]?.["metadata"]).toEqual({
      source: "/sensors/7",
      id: "A234",
      correlationId: "c",
      traceparent: "00-1",
      partitionkey: "p",
      sequence: 7,
      urgent: true,
      schemaversion: "1.2",
      dataschema: "https://x.example/s",
      datacontenttype: "application/vnd.x+json; charset=utf-8",
    });
  });

  test("appends each event once, by source and id, whatever its time", async ({ log }) => {
    const file = lines(foreign, { ...foreign, source: "/sensors/8" }, { ...foreign, id: "A235" });
    expect(await log.import(file, {}, "cloudevents")).toMatchObject({ written: 3 });
    expect(await log.import(file, {}, "cloudevents")).toMatchObject({ written: 0, repeated: 3 });
    expect(await log.import(lines({ ...foreign, time: "2027-01-01T00:00:00Z" }), {}, "cloudevents")).toMatchObject({ written: 0, repeated: 1 });
    expect(await rejection(log.import(lines({ ...foreign, data: 1 }), {}, "cloudevents"))).toMatchObject({
      code: "BAD_LINE",
      message: expect.stringContaining("exists already, with other data"),
    });
  });

  test("of an export that a broker has added attributes to keeps both", async ({ log }) => {
    await log.import(
      lines({ ...foreign, id, tidemarkversion: "1", tidemarkmetadata: '{"traceparent":"00-1","n":12345678901234567890}', traceparent: "00-2", hops: 3 }),
      {},
      "cloudevents",
    );
    expect(await log.export()).toMatch(/"metadata":\{"n": 12345678901234567890, "hops": 3, "traceparent": "00-1"\}/);
  });

  test("takes an attribute of any name that CloudEvents allows", async ({ log }) => {
    await log.import(lines({ ...foreign, constructor: "c", tostring: 1 }), {}, "cloudevents");
    expect(parsed(await log.export())[0]?.["metadata"]).toMatchObject({ constructor: "c", tostring: 1 });
  });

  test.for<[string, unknown, string]>([
    ["a list", [[foreign]], "it must hold a CloudEvent as a JSON object"],
    ["an envelope", item("cart-1", 1), "Leave --format cloudevents out"],
    ["no specversion", { ...foreign, specversion: undefined }, 'specversion is missing; a CloudEvent has "1.0"'],
    ["another version", { ...foreign, specversion: "0.3" }, 'specversion must be "1.0", not "0.3"'],
    ["a number as version", { ...foreign, specversion: 1 }, 'specversion must be "1.0", not 1'],
    ["bytes", { ...foreign, data: undefined, data_base64: "AA==" }, "data_base64 holds bytes"],
    ["XML", { ...foreign, datacontenttype: "text/xml" }, 'datacontenttype must be JSON, such as application/json, not "text/xml"'],
    ["a type that only begins like JSON", { ...foreign, datacontenttype: "application/jsonp" }, "datacontenttype must be JSON"],
    ["no id", { ...foreign, id: undefined }, "id is missing"],
    ["an empty id", { ...foreign, id: "" }, "id must be a text that is not empty"],
    ["a number as id", { ...foreign, id: 7 }, "id must be a text that is not empty, not 7"],
    ["no source", { ...foreign, source: undefined }, "source is missing"],
    ["no type", { ...foreign, type: undefined }, "type must be an event type"],
    ["an empty subject", { ...foreign, subject: "" }, "subject is empty"],
    ["a number as subject", { ...foreign, subject: 7 }, "subject must be a stream id"],
    [
      "a source that is no stream id",
      { ...foreign, subject: undefined, source: "x".repeat(600) },
      "source, which is the stream of an event without a subject, is 600 bytes",
    ],
    ["no time of this calendar", { ...foreign, time: "2026-02-30T00:00:00Z" }, "time is "],
    ["a number as time", { ...foreign, time: 1 }, "time must be a text"],
    ["a misspelt attribute", { ...foreign, Subject: "x" }, '"Subject" is no name of an attribute, which has small letters and digits'],
    ["a misspelt attribute of ours", { ...foreign, tidemarktag: "x" }, 'did you mean "tidemarktags"'],
    ["a list as attribute", { ...foreign, roles: ["a"] }, "roles must be a text, a number or a boolean"],
    ["an object as attribute", { ...foreign, roles: {} }, "roles must be a text, a number or a boolean"],
    ["tags that are no JSON", { ...foreign, tidemarktags: "a,b" }, 'tidemarktags must be JSON as a text, not "a,b"'],
    ["tags that are no list", { ...foreign, tidemarktags: "{}" }, "tidemarktags must be an array of tags"],
    ["metadata that is no object", { ...foreign, tidemarkmetadata: "[]" }, "tidemarkmetadata must be a JSON object as a text"],
    ["a version that is no number", { ...foreign, tidemarkversion: "1e3" }, "tidemarkversion must be a whole number"],
    ["a shape's version beyond all", { ...foreign, schemaversion: 99_999 }, "schemaversion must be a whole number from 1 to 32767"],
    ["what is no JSON", "{oops", "is not JSON"],
  ])("refuses %s", async ([, document, reason]) => {
    expect(await reasonOf(document)).toContain(reason);
  });

  test("names the line that it refuses", async ({ log }) => {
    const error = await rejection(log.import(`\n${lines(foreign, { ...foreign, specversion: "2" })}`, {}, "cloudevents"));
    expect(error).toBeInstanceOf(BadLineError);
    expect(error).toMatchObject({ line: 3, message: expect.stringMatching(/^Line 3: specversion must be "1\.0", not "2"\. 1 event was written\./) });
  });
});

describe("a batch of CloudEvents", () => {
  const batch = JSON.stringify([foreign, { ...foreign, id: "B" }, { ...foreign, id: "C", data: ']},{[\\"' }], null, 2);

  test.for([1, 2, 3, 7, 64 * 1024])("is read in pieces of %i bytes, with a byte order mark and with line ends of any kind", async (size) => {
    const text = `\ufeff\r\n ${batch.replaceAll("\n", "\r\n")}\r\n[]\n[ ${JSON.stringify({ ...foreign, id: "D" })} ]`;
    const read = await all(readCloudEvents(piecesOf(Buffer.from(text), size)));
    expect(read.map((line) => ("reason" in line ? line : [line.line, line.globalName]))).toEqual([
      [3, '["/sensors/7","A234"]'],
      [14, '["/sensors/7","B"]'],
      [25, '["/sensors/7","C"]'],
      [36, '["/sensors/7","D"]'],
    ]);
  });

  test("that was cut short ends the import with an error, wherever the cut is and also where bad lines are skipped", async ({ log }) => {
    const text = JSON.stringify([foreign, { ...foreign, id: "B" }]);
    const first = JSON.stringify(foreign).length + 1;
    for (const end of [1, 30, first, first + 1, first + 40, text.length - 1]) {
      const error = await rejection(log.import(text.slice(0, end), { onBadLine: "skip" }, "cloudevents"));
      expect([end, error]).toMatchObject([
        end,
        { code: "BAD_LINE", message: expect.stringMatching(/ends without its \].*Nothing behind it was read\. Correct the file/) },
      ]);
    }
    expect(parsed(await log.export()).map(({ metadata }) => metadata)).toMatchObject([{ id: "A234" }]);
    expect(await log.import(text, {}, "cloudevents")).toMatchObject({ written: 1, repeated: 1 });
  });

  test("with a bad event in it loses that one alone; where it is no JSON, the import ends with an error", async ({ log }) => {
    const bad = JSON.stringify([foreign, 7, { ...foreign, id: "" }, { ...foreign, id: "B" }]);
    expect(await log.import(bad, { onBadLine: "skip" }, "cloudevents")).toMatchObject({ written: 2, bad: 2 });
    for (const [text, reason] of [
      ['[{"a":"x"y"},{"b":1}]', "ends without its ]"],
      ['[{"a":"x"y"z"},{"b":1}]', "is not JSON"],
      [`[${JSON.stringify(foreign)} ${JSON.stringify(foreign)}]`, "is not JSON"],
      [`[${JSON.stringify(foreign)},]`, "has a comma in the batch with no event on one side"],
      [`[,${JSON.stringify(foreign)}]`, "has a comma in the batch"],
      [`[${JSON.stringify(foreign)}] ${JSON.stringify(foreign)}`, "stands behind the end of the batch"],
      [`[${JSON.stringify(foreign)}]}`, "stands behind the end of the batch"],
      ["[}]", "is not JSON"],
    ] as const) {
      const error = await rejection(log.import(text, { onBadLine: "skip" }, "cloudevents"));
      expect([text, error]).toMatchObject([text, { code: "BAD_LINE", message: expect.stringContaining(reason) }]);
    }
  });

  test("holds no more in memory than its longest event may have", async () => {
    const huge = Buffer.from(`[${JSON.stringify(foreign)},{"data":"${"x,]".repeat(1_000)}"},${JSON.stringify(foreign)}]`);
    expect(await all(batchItems(piecesOf(huge, 100), 512))).toMatchObject([
      { number: 1, text: JSON.stringify(foreign) },
      { number: 1, text: "", problem: expect.stringContaining("is longer than") },
      { number: 1, text: JSON.stringify(foreign) },
    ]);
  });

  test("with an event that is no UTF-8 loses that one alone", async () => {
    const text = Buffer.concat([Buffer.from('[{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from(`"},${JSON.stringify(foreign)}]`)]);
    expect(await all(batchItems(piecesOf(text)))).toEqual([
      { number: 1, text: "", problem: "is not UTF-8" },
      { number: 1, text: JSON.stringify(foreign) },
    ]);
  });

  test("is split as JSON is, whatever its items hold and however it comes", async () => {
    const array = fc.array(fc.jsonValue({ stringUnit: "grapheme" }));
    await fc.assert(
      fc.asyncProperty(array, fc.nat(4), fc.integer({ min: 1, max: 9 }), async (items, indent, size) => {
        const found = await all(batchItems(piecesOf(Buffer.from(JSON.stringify(items, null, indent)), size)));
        expect(found.map(({ text }): unknown => JSON.parse(text))).toEqual(JSON.parse(JSON.stringify(items)));
      }),
    );
  });
});
