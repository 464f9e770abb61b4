import type { Command } from "commander";
import { escapeUnsafe } from "../../arguments/describe-value.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { NotFoundError } from "../../errors/following.ts";
import type { RecordedEvent } from "../../model/event.ts";
import type { EventStore } from "../../store/event-store.ts";
import { toEnvelope } from "../../transfer/envelope.ts";
import { lineUp } from "../columns.ts";
import { eventDocuments, eventRows } from "../event-lines.ts";
import { queryOf, type FilterFlags, refuseTenantWithAll } from "../filter-flags.ts";
import { collect, given, json, moment, wholeNumber } from "../flags.ts";
import { flagOf } from "../refusal.ts";
import { addShapeFlags, type ShapeFlags, shapeOptions } from "../shape-flags.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

interface ReadFlags extends StoreFlags, FilterFlags, ShapeFlags {
  readonly backward?: boolean;
  readonly limit?: number;
  readonly fromVersion?: number;
  readonly toVersion?: number;
  readonly asOf?: Date;
  readonly after?: number;
  readonly until?: number;
  readonly allTenants?: boolean;
  readonly id?: string;
}

type Flag = keyof ReadFlags;
const ofBoth: readonly Flag[] = ["backward", "limit"];
const ofStream: readonly Flag[] = ["fromVersion", "toVersion", "asOf"];
const ofLog: readonly Flag[] = ["after", "until", "type", "category", "stream", "tag", "data", "prefix", "since", "allTenants"];

const examples = `
Examples:
  tidemark read cart-42
  tidemark read cart-42 --as-of 2026-11-20T10:00:00Z --json
  tidemark read --type ItemAdded --type ItemRemoved --tag customer:7 --data '{"sku":"tea"}'
  tidemark read --prefix order-2026- --since 2026-11-20T10:00:00Z
  tidemark read --backward --limit 20
  tidemark read --json | jq -r .type | sort | uniq -c`;

/** `tidemark read` */
export function addRead(program: Command, terminal: Terminal): void {
  addShapeFlags(addStoreFlags(program.command("read"), "one JSON document a line"))
    .description("Print the events of a stream, or of the whole log up to the high-water mark, or one event by its id.")
    .argument("[stream]", "the stream's id; without it the whole log is read")
    .option("--backward", "the newest first; bounds mean the same")
    .option("--limit <number>", "the most events to print", wholeNumber)
    .option("--from-version <version>", "of a stream: the lowest version", wholeNumber)
    .option("--to-version <version>", "of a stream: the highest version", wholeNumber)
    .option("--as-of <time>", "of a stream: what was recorded at or before 2026-11-20T10:00:00Z", moment)
    .option("--after <position>", "of the log: only above this position", wholeNumber)
    .option("--until <position>", "of the log: only at or below this position", wholeNumber)
    .option("--type <type>", "of the log: only this type, or any of several", collect)
    .option("--category <category>", "of the log: only streams of this category, or any of several", collect)
    .option("--stream <stream>", "of the log: only this stream, or any of several", collect)
    .option("--tag <tag>", "of the log: only events with this tag, and all of several", collect)
    .option("--data <json>", "of the log: only events whose data contains this object", json)
    .option("--prefix <prefix>", "of the log: only streams whose id begins with this")
    .option("--since <time>", "of the log: what was recorded at or after 2026-11-20T10:00:00Z", moment)
    .option("--all-tenants", "of the log: the events of every tenant")
    .option("--id <uuid>", "the one event with this id")
    .addHelpText("after", examples)
    .action((stream: string | undefined, flags: ReadFlags) => read(stream, flags, terminal));
}

async function read(streamId: string | undefined, flags: ReadFlags, terminal: Terminal): Promise<void> {
  checkFlags(streamId, flags);
  const shapes = await shapeOptions(flags);
  const work = async (store: EventStore): Promise<void> => {
    if (flags.id !== undefined) return printOne(await eventOf(store, flags.id), flags, terminal);
    const events = streamId === undefined ? ofWholeLog(store, flags) : ofOneStream(store, streamId, flags);
    const withTenant = flags.allTenants === true;
    const printed = await terminal.printLines(
      flags.json ? eventDocuments(events) : lineUp(eventRows(events, { withTenant, withHeader: true }), terminal.width),
    );
    if (printed === 0 && !flags.json) terminal.say(`There are no such events in schema ${JSON.stringify(flags.schema)}.`);
  };
  await withStore(flags, terminal, work, shapes);
}

/** An option that would have no effect is a mistake: what was asked for is not what would be printed. */
function checkFlags(streamId: string | undefined, flags: ReadFlags): void {
  if (flags.id !== undefined && streamId !== undefined) throw new InvalidArgumentError("--id", "finds an event in any stream. Leave the stream out.");
  refuseTenantWithAll(flags);
  const [wrong, reason]: [readonly Flag[], string] =
    flags.id !== undefined
      ? [[...ofBoth, ...ofStream, ...ofLog], "has no effect on one event. Leave it or --id out."]
      : streamId === undefined
        ? [ofStream, "is for one stream. Name the stream, or use --after and --until, which are positions in the log."]
        : [ofLog, "is for the whole log. Leave it out, or write --stream before the stream."];
  for (const flag of wrong) if (flags[flag] !== undefined) throw new InvalidArgumentError(flagOf(flag), reason);
}

function ofOneStream(store: EventStore, streamId: string, { fromVersion, toVersion, asOf, limit, backward }: ReadFlags): AsyncIterable<RecordedEvent> {
  return store.readStream(streamId, { direction: backward ? "backward" : "forward", ...given({ fromVersion, toVersion, asOf, limit }) });
}

function ofWholeLog(store: EventStore, { after, until, limit, backward, allTenants, ...flags }: ReadFlags): AsyncIterable<RecordedEvent> {
  const filter = queryOf(flags);
  return store.readAll({
    direction: backward ? "backward" : "forward",
    tenants: allTenants ? "all" : "own",
    ...given({ after, until, limit }),
    ...(filter && { filter }),
  });
}

async function eventOf(store: EventStore, id: string): Promise<RecordedEvent> {
  const event = await store.eventById(id);
  if (event === undefined) throw new NotFoundError("event", id, "It may belong to another tenant or schema.");
  return event;
}

function printOne(event: RecordedEvent, { json }: ReadFlags, terminal: Terminal): void {
  if (json) return terminal.printJson(toEnvelope(event));
  terminal.printRaw(`${escapeLines(JSON.stringify(toEnvelope(event), null, 2))}\n`);
}

/** JSON writes a line feed of the data as an escape, so that those left are its own. */
function escapeLines(text: string): string {
  return text.split("\n").map(escapeUnsafe).join("\n");
}
