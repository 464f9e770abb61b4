import type { Database } from "../database/database.ts";
import { LogPages, type RowPage } from "../feed/log-pages.ts";
import { MarkReader } from "../feed/mark.ts";
import { StatementsBySize } from "../read/statements-by-size.ts";
import type { EventWriter } from "./event-writer.ts";
import type { ExportShapes } from "./export-shapes.ts";

export interface ExportOptions {
  /** Undefined: all. */
  readonly tenant: string | undefined;
  readonly shapes: ExportShapes;
  readonly writer: EventWriter;
  /** Exclusive. */
  readonly after: number;
  /** Inclusive. The high-water mark at the start, if that is less. */
  readonly until: number;
  readonly progress: (report: ExportReport) => void;
}

export interface ExportReport {
  readonly events: number;
  /** Everything that was asked for up to here is in the export. */
  readonly position: number;
  /** From 0 to 1, by positions. */
  readonly fraction: number;
}

/**
 * The events up to the high-water mark as it is at the start, in the order of the log, as text in pieces of some mebibytes.
 * Nothing can appear below the mark later, so that the export is whole, however long it takes. Data and metadata are the
 * database's own JSON: every number comes out as it is, but for what a step of a catalogue has made.
 */
export async function* exportEvents(database: Database, schema: string, options: ExportOptions): AsyncGenerator<string, ExportReport, undefined> {
  const { tenant, shapes, writer, after, progress } = options;
  const mark = await new MarkReader(database, schema).read();
  const until = Math.max(after, Math.min(options.until, mark.position));
  let report: ExportReport = { events: 0, position: after, fraction: after === until ? 1 : 0 };
  if (writer.head !== "") yield writer.head;
  if (after === until) {
    if (writer.foot !== "") yield writer.foot;
    return report;
  }

  const pages = new LogPages(database, new StatementsBySize(schema)).open(
    after,
    until,
    { tenant, filter: shapes.filter, shard: undefined },
    new AbortController().signal,
  );
  const next = (): Promise<RowPage> => {
    const page = pages.next();
    // Heard where it is awaited; until then a failure must not count as unhandled.
    page.catch(() => {});
    return page;
  };
  for (let coming = next(); ;) {
    const { rows: stored, reached, last } = await coming;
    if (!last) coming = next();
    const rows = shapes.rows(stored);
    for (let at = 0; at < rows.length; at += 512) {
      const text = rows
        .slice(at, at + 512)
        .map(writer.write)
        .join(writer.between);
      yield at + report.events > 0 ? writer.between + text : text;
    }
    report = { events: report.events + rows.length, position: reached, fraction: (reached - after) / (until - after) };
    progress(report);
    if (!last) continue;
    if (writer.foot !== "") yield writer.foot;
    return report;
  }
}
