import { Argument, type Command } from "commander";
import { checkExpectedVersion } from "../../arguments/expected-version.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { ExpectedVersion, NewEvent } from "../../model/event.ts";
import { configuredEvents, inlineProjections } from "../config/definitions.ts";
import { collect, json } from "../flags.ts";
import { readEvents } from "../event-input.ts";
import { inFlags, type Place } from "../refusal.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

interface EventFlags {
  readonly type?: string;
  readonly data?: unknown;
  readonly metadata?: unknown;
  readonly tag?: readonly string[];
  readonly id?: string;
}

interface AppendFlags extends StoreFlags, EventFlags {
  readonly projections?: string;
  readonly expectedVersion?: string;
}

/** What is to be written, and how to say where a part of it stands. */
interface Given {
  readonly events: readonly unknown[];
  readonly place: Place;
}

const examples = `
Examples:
  tidemark append cart-42 --type ItemAdded --data '{"sku":"tea"}' --expected-version no-stream
  tidemark append course-c1 --type SeatTaken --data '{"seat":7}' --tag course:c1 --tag student:s9
  jq -c '.[] | {type: "ItemAdded", data: .}' items.json | tidemark append cart-42 -`;

/** `tidemark append` */
export function addAppend(program: Command, terminal: Terminal): void {
  addStoreFlags(program.command("append"))
    .description("Append one event to a stream, or those on stdin, all or none. A conflict exits with 4 and shows the version.")
    .argument("<stream>", "the stream's id; its first event creates it")
    .addArgument(new Argument("[source]", "events on stdin, one JSON document a line: type, data, metadata, id, tags").choices(["-"]))
    .option("--type <type>", "the event's type")
    .option("--data <json>", "the event's data; default: {}", json)
    .option("--metadata <json>", "the event's metadata", json)
    .option("--tag <tag>", "a tag of the event; can be given several times", collect)
    .option("--id <uuid>", "the event's id: the same append with the same id writes once; default: a new one")
    .option("--expected-version <version>", "a version, any, no-stream or stream-exists", "any")
    .option("--projections <file>", "a module that exports the inline projections, to write them too; default: the configuration's, else they are left behind")
    .addHelpText("after", examples)
    .action((stream: string, source: "-" | undefined, flags: AppendFlags) => append(stream, source, flags, terminal));
}

async function append(streamId: string, source: "-" | undefined, flags: AppendFlags, terminal: Terminal): Promise<void> {
  const expectedVersion = expectation(flags.expectedVersion);
  const projections = await inlineProjections(flags);
  const { events, place } = source === undefined ? ofFlags(flags) : await ofStdin(flags, terminal);
  const result = await withStore(
    flags,
    terminal,
    async (store) => {
      try {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the append checks what they hold
        return await store.appendToStream(streamId, events as readonly NewEvent[], { expectedVersion });
      } catch (error) {
        throw inFlags(error, place);
      }
    },
    { projections, ...configuredEvents(flags) },
  );
  if (flags.json) terminal.printJson(result);
  else terminal.print(`${result.streamId} is at version ${result.version}, position ${result.position}.`);
}

function expectation(text: string | undefined): ExpectedVersion {
  return checkExpectedVersion(text !== undefined && /^-?\d+$/.test(text) ? Number(text) : text, "--expected-version");
}

function ofFlags({ type, data = {}, metadata, tag, id }: EventFlags): Given {
  if (type === undefined) throw new InvalidArgumentError("--type", "is missing. Name the event's type, or write - for events on stdin.");
  return {
    events: [{ type, data, metadata, tags: tag, id }],
    place: (path) =>
      path
        .replace(/^events\[0\]\.tags\[\d+\]|^events\[0\]\.tags/, "--tag")
        .replace(/^events\[0\]$/, "--data")
        .replace(/^events\[0\]\./, "--"),
  };
}

async function ofStdin({ type, data, metadata, tag, id }: EventFlags, terminal: Terminal): Promise<Given> {
  for (const [flag, value] of Object.entries({ type, data, metadata, tag, id })) {
    if (value !== undefined) throw new InvalidArgumentError(`--${flag}`, "is for a single event; events on stdin have their own. Leave it out.");
  }
  if (terminal.stdin.isTTY) terminal.say("Reading events, one JSON document a line. Ctrl-D ends them.");
  const given = await readEvents(terminal.stdin);
  return {
    events: given.map(({ event }) => event),
    place: (path) => path.replace(/^events\[(\d+)\]\.?/, (_whole, index: string) => `line ${given[Number(index)]?.line}: `).replace(/: $/, ""),
  };
}
