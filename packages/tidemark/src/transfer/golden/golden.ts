import { quoteText } from "../../arguments/describe-value.ts";
import { createCodec } from "../../catalogue/create-codec.ts";
import type { DefinedEvents } from "../../catalogue/defined-events.ts";
import type { EventShape } from "../../catalogue/event-shape.ts";
import type { RecordedEvent } from "../../model/event.ts";
import { messageWithCause } from "../message-with-cause.ts";
import { GoldenBook, type GoldenWrites } from "./golden-book.ts";
import { entryOf } from "./golden-entry.ts";
import { downcastExample, storedExample } from "./golden-examples.ts";
import { readGoldenFolder } from "./golden-folder.ts";
import type { GoldenProblem } from "./golden-problem.ts";

export interface GoldenOptions {
  readonly writes: GoldenWrites;
  /** Real events to add, and how many entries a version is to have at most after it. */
  readonly sample?: { readonly events: AsyncIterable<RecordedEvent>; readonly size: number };
}

export interface GoldenReport {
  readonly entries: number;
  /** The names of files that were written. */
  readonly written: readonly string[];
  readonly problems: readonly GoldenProblem[];
}

/** Reads the golden files of a folder with a catalogue, adds what `writes` allows, and reports what is wrong. */
export async function golden(catalogue: DefinedEvents, folder: string, { writes, sample }: GoldenOptions): Promise<GoldenReport> {
  const decoder = createCodec(catalogue).decoder();
  const book = new GoldenBook(await readGoldenFolder(folder), decoder);
  const problems: GoldenProblem[] = [];
  for await (const event of sample?.events ?? []) {
    const { type, schemaVersion } = event;
    if (book.entries(type, schemaVersion).length >= (sample?.size ?? 0) || book.has(type, schemaVersion, event.data)) continue;
    try {
      book.add(type, schemaVersion, entryOf(event, decoder));
    } catch (error) {
      const message = `the event ${event.id} cannot be read: ${messageWithCause(error)}`;
      problems.push({ kind: "unreadable", type, schemaVersion, message });
    }
  }
  for (const shape of catalogue.shapes.values()) problems.push(...(await addExamples(catalogue, shape, book, writes)));
  problems.push(...book.readAll(writes));
  problems.push(...missing(catalogue, book));
  const written = writes === "nothing" ? [] : await book.write(folder);
  return { entries: book.count(), written, problems };
}

async function addExamples(catalogue: DefinedEvents, shape: EventShape, book: GoldenBook, writes: GoldenWrites): Promise<readonly GoldenProblem[]> {
  const { type, version, examples } = shape;
  const problems: GoldenProblem[] = [];
  const hadNone = book.entries(type, version).length === 0;
  const emptyOlder = Array.from({ length: version - 1 }, (_, n) => n + 1).filter((older) => book.entries(type, older).length === 0);
  for (let n = 0; n < examples.length; n++) {
    try {
      const { stored, isSteady } = await storedExample(catalogue, shape, n);
      if (writes !== "nothing") for (const older of emptyOlder) addOlder(catalogue, shape, { stored, version: older }, book);
      if (book.has(type, version, stored) || (!isSteady && !hadNone)) continue;
      if (writes !== "nothing") book.add(type, version, { stored });
      else if (!hadNone) problems.push({ kind: "unrecorded", type, schemaVersion: version, message: `examples[${n}] of its definition has no entry` });
    } catch (error) {
      const message = `examples[${n}] of its definition cannot be stored: ${messageWithCause(error)}`;
      problems.push({ kind: "example", type, schemaVersion: version, message });
    }
  }
  return problems;
}

/** An older version has no examples in the code any more. Where steps lead down to it, one is made of the newest. */
function addOlder(
  catalogue: DefinedEvents,
  shape: EventShape,
  { stored, version }: { readonly stored: unknown; readonly version: number },
  book: GoldenBook,
): void {
  const older = downcastExample(catalogue, shape, stored, version);
  if (older !== undefined && !book.has(shape.type, version, older)) book.add(shape.type, version, { stored: older });
}

function missing({ shapes, retired }: DefinedEvents, book: GoldenBook): readonly GoldenProblem[] {
  const problems: GoldenProblem[] = [];
  for (const { type, version, examples } of shapes.values()) {
    for (let older = 1; older <= version; older++) {
      if (book.entries(type, older).length > 0) continue;
      const source =
        older < version
          ? "take real events with --from-store, or write one by hand"
          : examples.length > 0
            ? "write those of its examples"
            : "give its definition examples, or take real events with --from-store";
      problems.push({ kind: "missing", type, schemaVersion: older, message: `has no entry: ${source}` });
    }
  }
  for (const { type } of retired.values()) {
    if (!book.isEmpty(type)) continue;
    const message = `is retired and has no entry: take real events with --from-store, or write one by hand, of type ${quoteText(type)}`;
    problems.push({ kind: "missing", type, schemaVersion: undefined, message });
  }
  return problems;
}
