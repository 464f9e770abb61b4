import type { Command } from "commander";
import { escapeUnsafe } from "../../arguments/describe-value.ts";
import { asyncApiDocument, type AsyncApiServer } from "../../catalogue/asyncapi-document.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { neededCatalogue } from "../config/definitions.ts";
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
}

const examples = `
Examples:
  tidemark events asyncapi --catalogue ./events.ts > asyncapi.json
  tidemark events asyncapi --catalogue ./events.ts --title Shop --server live=kafka://broker.example:9092`;

/** `tidemark events asyncapi` */
export function addEventsAsyncApi(events: Command, terminal: Terminal): void {
  addConfigFlag(events.command("asyncapi"))
    .description("Print an AsyncAPI 3.0 document of a catalogue, as JSON: a message for each type in its newest version. Needs no database.")
    .option("--catalogue <file>", "the module that exports the catalogue; default: the configuration's")
    .option("--title <title>", "the title of the document", "Events")
    .option("--version <version>", "the version of the document", "1.0.0")
    .option("--address <address>", "the address of the channel, such as a topic; default: none")
    .option("--server <server>", "name=protocol://host/path of a server; can be repeated", collect)
    .option("--json", "print errors as JSON, too: the document always is")
    .addHelpText("after", examples)
    .action(async ({ title, version, address, server = [], ...flags }: AsyncApiFlags) => {
      const servers = server.map(serverOf);
      const twice = servers.find(({ name }, index) => servers.findIndex((other) => other.name === name) !== index);
      if (twice) throw new InvalidArgumentError("--server", `names ${JSON.stringify(twice.name)} twice. Give each server a name of its own`);
      const document = await asyncApiDocument(await neededCatalogue(flags), { title, version, address, servers });
      const lines = JSON.stringify(document, null, 2).split("\n").map(escapeUnsafe);
      terminal.printRaw(`${lines.join("\n")}\n`);
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
