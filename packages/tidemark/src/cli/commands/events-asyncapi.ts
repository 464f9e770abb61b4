import type { Command } from "commander";
import { escapeUnsafe } from "../../arguments/describe-value.ts";
import { didYouMean } from "../../arguments/suggest.ts";
import { type AsyncApiChannel, asyncApiDocument, type AsyncApiServer, eventsChannel } from "../../catalogue/asyncapi-document.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { relayChannel } from "../../relays/asyncapi-channel.ts";
import { DefinedRelay } from "../../relays/defined-relay.ts";
import { neededCatalogue, workerModule } from "../config/definitions.ts";
import { collect } from "../flags.ts";
import { addConfigFlag, type Settings } from "../config/settings.ts";
import type { Terminal } from "../terminal.ts";

interface AsyncApiFlags {
  readonly catalogue?: string;
  readonly settings?: Settings;
  readonly title: string;
  readonly version: string;
  readonly address?: string;
  readonly server?: readonly string[];
  readonly relay?: readonly string[];
  readonly relays?: string;
}

const examples = `
Examples:
  tidemark events asyncapi --catalogue ./events.ts > asyncapi.json
  tidemark events asyncapi --catalogue ./events.ts --title Shop --server live=kafka://broker.example:9092
  tidemark events asyncapi --relay orders-out --address shop.orders`;

/** `tidemark events asyncapi` */
export function addEventsAsyncApi(events: Command, terminal: Terminal): void {
  addConfigFlag(events.command("asyncapi"))
    .description("Print an AsyncAPI 3.0 document of a catalogue, as JSON: a message for each type in its newest version. Needs no database.")
    .option("--catalogue <file>", "the module that exports the catalogue; default: the configuration's")
    .option("--title <title>", "the title of the document", "Events")
    .option("--version <version>", "the version of the document", "1.0.0")
    .option("--address <address>", "the address of the channel, such as a topic; with --relay, of one relay; default: none")
    .option("--relay <name>", "document what a relay publishes: its types, as its map makes them; can be repeated", collect)
    .option("--relays <file>", "the module that exports the relays; default: the configuration's")
    .option("--server <server>", "name=protocol://host/path of a server; can be repeated", collect)
    .option("--json", "print errors as JSON, too: the document always is")
    .addHelpText("after", examples)
    .action(async ({ title, version, server = [], ...flags }: AsyncApiFlags) => {
      const servers = server.map(serverOf);
      const twice = servers.find(({ name }, index) => servers.findIndex((other) => other.name === name) !== index);
      if (twice) throw new InvalidArgumentError("--server", `names ${JSON.stringify(twice.name)} twice. Give each server a name of its own`);
      const document = await asyncApiDocument(await neededCatalogue(flags), { title, version, servers, channels: await channelsOf(flags) });
      const lines = JSON.stringify(document, null, 2).split("\n").map(escapeUnsafe);
      terminal.printRaw(`${lines.join("\n")}\n`);
    });
}

/** Of the relays that are named, else of the events themselves. */
async function channelsOf({ relay: names, relays: file, address, settings }: Omit<AsyncApiFlags, "title" | "version">): Promise<readonly AsyncApiChannel[]> {
  if (names === undefined) {
    if (file !== undefined) throw new InvalidArgumentError("--relays", "needs --relay, the name of each relay to document");
    return [eventsChannel(address)];
  }
  if (names.length > 1 && address !== undefined) throw new InvalidArgumentError("--address", "is of one channel, and several relays are named. Leave it out");
  const { relays } = await workerModule(file, { ...(settings && { settings }) }, "--relays");
  const defined = relays.filter((relay) => relay instanceof DefinedRelay);
  return [...new Set(names)].map((name) => {
    const found = defined.find((relay) => relay.name === name);
    const known = defined.map((relay) => relay.name);
    if (!found)
      throw new InvalidArgumentError(
        "--relay",
        `is ${JSON.stringify(name)}, which is not defined${didYouMean(name, known) || `: there is ${known.join(", ") || "none"}`}`,
      );
    if (found.settings.source.name !== "events")
      throw new InvalidArgumentError(
        "--relay",
        `is ${JSON.stringify(name)}, which publishes messages of the ${found.settings.source.name}; a catalogue knows events alone`,
      );
    return relayChannel(found, address);
  });
}

function serverOf(text: string): AsyncApiServer {
  const [, name, rest] = /^(?:([\w-]+)=)?(.*)$/s.exec(text) ?? [];
  const url = rest !== undefined && /^[\w+.-]+:\/\//.test(rest) && URL.canParse(rest) ? new URL(rest) : undefined;
  if (!url || url.host === "") throw new InvalidArgumentError("--server", "must be name=protocol://host, such as live=kafka://broker.example:9092");
  if (url.username !== "" || url.password !== "")
    throw new InvalidArgumentError("--server", "holds a user or a password, which everyone could read in the document. Leave them out");
  const { protocol, host, pathname } = url;
  return { name: name ?? "default", host, protocol: protocol.slice(0, -1), ...(pathname !== "" && pathname !== "/" && { pathname }) };
}
