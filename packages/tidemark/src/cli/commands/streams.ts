import type { Command } from "commander";
import { escapeUnsafe } from "../../arguments/describe-value.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { StreamInfo } from "../../read/types.ts";
import { lineUp, type Row } from "../columns.ts";
import { given, wholeNumber } from "../flags.ts";
import { flagOf } from "../refusal.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

interface ListFlags {
  readonly category?: string;
  readonly prefix?: string;
  readonly after?: string;
  readonly limit?: number;
}

const examples = `
Examples:
  tidemark streams --category cart --limit 20
  tidemark streams cart-42
  tidemark streams --json | jq -r 'select(.version > 1000) | .streamId'`;

/** `tidemark streams` */
export function addStreams(program: Command, terminal: Terminal): void {
  addStoreFlags(program.command("streams"), "one JSON document a line")
    .description("List the streams by the bytes of their names, each with its version, or tell what is known of one.")
    .argument("[stream]", "tell about this one; one without events does not exist, and is at version 0")
    .option("--category <category>", "only streams of this category, which ends before the first -")
    .option("--prefix <text>", "only streams whose id begins with this")
    .option("--after <stream>", "only streams whose id comes after this one")
    .option("--limit <number>", "the most streams to list", wholeNumber)
    .addHelpText("after", examples)
    .action((stream: string | undefined, flags: StoreFlags & ListFlags) => (stream === undefined ? list(flags, terminal) : tell(stream, flags, terminal)));
}

async function list({ category, prefix, after, limit, ...flags }: StoreFlags & ListFlags, terminal: Terminal): Promise<void> {
  await withStore(flags, terminal, async (store) => {
    const streams = store.streams(given({ category, prefix, after, limit }));
    const printed = await terminal.printLines(flags.json ? streamDocuments(streams) : lineUp(streamRows(streams), terminal.width));
    if (printed === 0 && !flags.json) terminal.say(`There are no such streams in schema ${JSON.stringify(flags.schema)}.`);
  });
}

async function tell(streamId: string, { category, prefix, after, limit, ...flags }: StoreFlags & ListFlags, terminal: Terminal): Promise<void> {
  for (const flag of Object.keys(given({ category, prefix, after, limit })))
    throw new InvalidArgumentError(flagOf(flag), "is for the list of streams. Leave it or the stream out.");
  const info = await withStore(flags, terminal, (store) => store.streamInfo(streamId));
  if (flags.json) return terminal.printJson(info);
  terminal.table([
    ["stream", info.streamId],
    ["category", info.category],
    ["exists", info.exists ? "yes" : "no"],
    ["version", `${info.version}`],
    ["created at", info.createdAt?.toISOString() ?? "never"],
    ["last position", info.lastPosition === undefined ? "none" : `${info.lastPosition}`],
  ]);
}

async function* streamDocuments(streams: AsyncIterable<StreamInfo>): AsyncGenerator<string, void, undefined> {
  for await (const stream of streams) yield escapeUnsafe(JSON.stringify(stream));
}

/** Each stream as a line for people, below the names of the columns. Nothing where there is none. */
async function* streamRows(streams: AsyncIterable<StreamInfo>): AsyncGenerator<Row, void, undefined> {
  let first = true;
  for await (const { version, lastPosition = 0, createdAt, streamId } of streams) {
    if (first) yield ["version", "last position", "created at", "stream"];
    first = false;
    yield [version, lastPosition, createdAt?.toISOString() ?? "", escapeUnsafe(streamId)];
  }
}
