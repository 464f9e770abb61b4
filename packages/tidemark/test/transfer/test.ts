import { test as base } from "../support/test.ts";
import { open } from "../database/open.ts";
import { openSchema } from "../../src/schema/open-schema.ts";
import { ProjectionGate } from "../../src/projections/projection-gate.ts";
import { exportEvents } from "../../src/transfer/export-events.ts";
import { storedShapes } from "../../src/transfer/export-shapes.ts";
import { importEvents, type ImportOptions, type ImportReport } from "../../src/transfer/import-events.ts";
import { cloudEventsWriter } from "../../src/transfer/cloudevents-writer.ts";
import { readCloudEvents } from "../../src/transfer/cloudevents.ts";
import { readCsv, type CsvOptions } from "../../src/transfer/csv.ts";
import { csvWriter, ndjsonWriter } from "../../src/transfer/envelope-writers.ts";
import { readNdjson } from "../../src/transfer/ndjson.ts";
import type { BadLine } from "../../src/transfer/transfer-error.ts";
import type { Database } from "../../src/database/database.ts";

export { describe, eventually, expect } from "../support/test.ts";
export { gate, rejection } from "../database/open.ts";

/** How a log is exported, and what its import reads. */
export const formats = {
  ndjson: { writer: ndjsonWriter, read: readNdjson },
  csv: { writer: csvWriter(false), read: (chunks: AsyncIterable<Buffer>) => readCsv(chunks, {}) },
  cloudevents: { writer: cloudEventsWriter({ source: "tidemark", batch: false }), read: readCloudEvents },
  "cloudevents batch": { writer: cloudEventsWriter({ source: "https://shop.example/events?of=all", batch: true }), read: readCloudEvents },
};
export type Format = keyof typeof formats;

/** What the tests do with one schema. */
export interface Log {
  readonly database: Database;
  /** Imports a text, or pieces of it. `bad`: the bad lines it told of. */
  import(
    text: string | Buffer | AsyncIterable<Buffer>,
    options?: Partial<ImportOptions>,
    from?: CsvOptions | Format,
  ): Promise<ImportReport & { readonly told: readonly BadLine[] }>;
  /** The whole log of all tenants as an export. */
  export(format?: Format): Promise<string>;
}

/**
 * Tests of importing and exporting.
 *
 * `openLog`: opens a schema, which is created where it is not there; closed after the test.
 * `log`: the test's own schema.
 */
export const test = base
  .extend("openLog", ({ databaseUrl }, { onCleanup }) => {
    const opened: AsyncDisposable[] = [];
    onCleanup(async () => {
      for (const one of opened) await one[Symbol.asyncDispose]();
    });
    return async (schema: string): Promise<Log> => {
      const one = await open(databaseUrl);
      opened.push(one);
      await openSchema(one.database, schema, { migrate: "auto" });
      return logOf(one.database, schema);
    };
  })
  .extend("log", ({ openLog, schema }) => openLog(schema));

export function logOf(database: Database, schema: string): Log {
  return {
    database,
    async import(text, options = {}, from = "ndjson") {
      const told: BadLine[] = [];
      const chunks = typeof text === "string" || Buffer.isBuffer(text) ? piecesOf(Buffer.from(text)) : text;
      const report = await importEvents(database, schema, typeof from === "string" ? formats[from].read(chunks) : readCsv(chunks, from), {
        tenant: undefined,
        utc: false,
        keepPositions: false,
        onBadLine: "stop",
        badLine: async (bad) => void told.push(bad),
        progress: () => {},
        signal: new AbortController().signal,
        gate: gateOf(database, schema),
        ...options,
      });
      return { ...report, told };
    },
    async export(format = "ndjson") {
      const texts: string[] = [];
      const whole = { tenant: undefined, shapes: storedShapes(undefined), after: 0, until: Number.MAX_SAFE_INTEGER, progress: () => {} };
      for await (const text of exportEvents(database, schema, { ...whole, writer: formats[format].writer })) texts.push(text);
      return texts.join("");
    },
  };
}

/** Of somebody who knows no projection. */
export function gateOf(database: Database, schema: string): ProjectionGate {
  const createTransaction = (): never => {
    throw new Error("No projection is known.");
  };
  return new ProjectionGate({ database, schema, projections: [], unknownProjections: "warn", logger: console, createTransaction });
}

/** A file in pieces of some bytes, as a stream brings it. */
export async function* piecesOf(bytes: Buffer, size: number = 64 * 1024): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Everything that an iterable of groups brings, in one array. */
export async function all<T>(groups: AsyncIterable<readonly T[]>): Promise<T[]> {
  const items: T[] = [];
  for await (const group of groups) items.push(...group);
  return items;
}

/** Lines of NDJSON. */
export function lines(...documents: readonly unknown[]): string {
  return documents.map((document) => `${typeof document === "string" ? document : JSON.stringify(document)}\n`).join("");
}

/** An event as a line of a file. */
export function item(streamId: string, n: number, more: object = {}): object {
  return { streamId, type: "ItemAdded", data: { n }, ...more };
}

/** The events of an export. */
export function parsed(ndjson: string): Readonly<Record<string, unknown>>[] {
  return ndjson
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Readonly<Record<string, unknown>> => JSON.parse(line));
}
