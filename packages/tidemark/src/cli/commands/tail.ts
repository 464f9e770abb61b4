import type { Command } from "commander";
import type { RecordedEvent } from "../../model/event.ts";
import type { EventStore } from "../../store/event-store.ts";
import { lineUp } from "../columns.ts";
import { eventDocuments, eventRows } from "../event-lines.ts";
import { queryOf, type FilterFlags, refuseTenantWithAll } from "../filter-flags.ts";
import { collect, given, json, moment, wholeNumber } from "../flags.ts";
import { addShapeFlags, type ShapeFlags, shapeOptions } from "../shape-flags.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

interface TailFlags extends StoreFlags, FilterFlags, ShapeFlags {
  readonly after?: number;
  readonly allTenants?: boolean;
}

/** What is printed together when much comes at once. */
const batchSize = 500;

const examples = `
Examples:
  tidemark tail
  tidemark tail --category order --type OrderShipped
  tidemark tail --after 0 --json | jq -r .type`;

/** `tidemark tail` */
export function addTail(program: Command, terminal: Terminal): void {
  addShapeFlags(addStoreFlags(program.command("tail"), "one JSON document a line"))
    .description("Print events as they are written, until Ctrl-C.")
    .option("--after <position>", "begin above this position, 0 for the beginning; default: at the end", wholeNumber)
    .option("--type <type>", "only this type, or any of several", collect)
    .option("--category <category>", "only streams of this category, or any of several", collect)
    .option("--stream <stream>", "only this stream, or any of several", collect)
    .option("--tag <tag>", "only events with this tag, and all of several", collect)
    .option("--data <json>", "only events whose data contains this object", json)
    .option("--prefix <prefix>", "only streams whose id begins with this")
    .option("--since <time>", "begin with what was recorded at or after 2026-11-20T10:00:00Z", moment)
    .option("--all-tenants", "the events of every tenant")
    .addHelpText("after", examples)
    .action((flags: TailFlags) => tail(flags, terminal));
}

async function tail({ after, allTenants, ...flags }: TailFlags, terminal: Terminal): Promise<void> {
  refuseTenantWithAll({ ...flags, ...given({ allTenants }) });
  const filter = queryOf(flags);
  const shapes = await shapeOptions(flags);
  const work = async (store: EventStore): Promise<void> => {
    const events = store.subscribe({
      // A time to begin with takes the place of the end.
      after: after ?? (flags.since === undefined ? "end" : 0),
      tenants: allTenants ? "all" : "own",
      onCaughtUp: (position) => terminal.say(`Following from position ${position}; Ctrl-C ends it.`),
      ...(filter && { filter }),
    });
    for await (const batch of events.batches(batchSize)) {
      const each = eachOf(batch);
      await terminal.printLines(
        flags.json ? eventDocuments(each) : lineUp(eventRows(each, { withTenant: allTenants === true, withHeader: false }), terminal.width),
      );
    }
  };
  await withStore(flags, terminal, work, shapes);
}

async function* eachOf(batch: readonly RecordedEvent[]): AsyncGenerator<RecordedEvent, void, undefined> {
  yield* batch;
}
