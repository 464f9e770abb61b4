import { type Command, InvalidArgumentError as InvalidOptionError, Option } from "commander";
import { configuredEvents, configuredShowing } from "../config/definitions.ts";
import { wholeNumber } from "../flags.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import { loadStudio, serveUntilSignal, type StudioRole } from "../studio/serve.ts";
import type { Terminal } from "../terminal.ts";

interface StudioFlags extends StoreFlags {
  readonly port: number;
  readonly role: StudioRole;
}

const examples = `
Needs the package @tidemark/studio.

Examples:
  tidemark studio
  tidemark studio --port 8080 --tenant acme
  tidemark studio --role operator`;

/** `tidemark studio` */
export function addStudio(program: Command, terminal: Terminal): void {
  addStoreFlags(program.command("studio"), "the address, one JSON document,")
    .description("Look at the store in the browser: streams, events, causes, lag, health. On this machine alone, until Ctrl-C.")
    .option("--port <number>", "the port of this machine, 0 for a free one", port, 4983)
    .addOption(
      new Option("--role <role>", "what may be done there: viewer only reads, operator also pauses, resumes and retries, admin all")
        .choices(["viewer", "operator", "admin"])
        .default("viewer"),
    )
    .addHelpText("after", examples)
    .action((flags: StudioFlags) => studio(flags, terminal));
}

async function studio(flags: StudioFlags, terminal: Terminal): Promise<void> {
  // Before a database is opened for nothing.
  await loadStudio();
  const { port: wanted, role, schema, json } = flags;
  const tenants = flags.tenant === undefined || flags.tenant === "" ? "all" : "own";
  const showing = configuredShowing(flags);
  const tell = (url: string): void => (json ? terminal.printJson({ url }) : terminal.print(url));
  await withStore(flags, terminal, (store) => serveUntilSignal(store, { port: wanted, role, schema, tenants, showing, tell }, terminal), {
    ...configuredEvents(flags),
    audited: false,
  });
}

export function port(text: string): number {
  const number = wholeNumber(text);
  if (number > 65_535) throw new InvalidOptionError("It must be from 0 to 65535.");
  return number;
}
