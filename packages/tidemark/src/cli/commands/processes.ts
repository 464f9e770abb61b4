import { type Command, Option } from "commander";
import type { ProcessQuery } from "../../processes/administration.ts";
import { lineUp } from "../columns.ts";
import { confirm } from "../confirm.ts";
import { given, wholeNumber } from "../flags.ts";
import { processDocument, processLines, processRows, processTable, versionRows } from "../process-lines.ts";
import { addShapeFlags, type ShapeFlags, shapeOptions } from "../shape-flags.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

/** `tidemark processes list|show|versions|retry|cancel` */
export function addProcesses(program: Command, terminal: Terminal): void {
  const command = program
    .command("processes")
    .description("Look at the instances of processes; let parked ones go on, or end one.")
    .helpCommand(false)
    .addHelpText("after", "\nExamples:\n  tidemark processes list --status parked\n  tidemark processes retry --help");

  addStoreFlags(command.command("list"), "one JSON document a line")
    .description("List instances in the order in which they began, each with its status.")
    .option("--name <process>", "only this process's")
    .addOption(new Option("--status <status>", "only those with this status").choices(["running", "completed", "cancelled", "parked"]))
    .option("--version <number>", "only those that this version of the process runs", wholeNumber)
    .option("--after <number>", "only those after this number, which the list shows", wholeNumber)
    .option("--limit <number>", "the most instances to list", wholeNumber, 100)
    .addHelpText(
      "after",
      "\nExamples:\n  tidemark processes list --name checkout --status parked\n  tidemark processes list --limit 10000 --json | jq -r .status | sort | uniq -c",
    )
    .action((flags: StoreFlags & ListFlags) => list(flags, terminal));

  addShapeFlags(addOne(command, "show"))
    .description("Show one instance: its state, its inputs, its commands and its timers.")
    .option("--limit <number>", "the most inputs and the most commands to show, the latest ones", wholeNumber, 100)
    .addHelpText("after", "\nExample:\n  tidemark processes show checkout order-7")
    .action((name: string, id: string, flags: StoreFlags & ShapeFlags & { readonly limit: number }) => show(name, id, flags, terminal));

  addStoreFlags(command.command("versions"), "one JSON document a line")
    .description("List the versions of processes: which one starts new instances, and which ones are still needed.")
    .argument("[process]", "only this process's")
    .addHelpText("after", "\nExample:\n  tidemark processes versions checkout")
    .action((name: string | undefined, flags: StoreFlags) => versions(name, flags, terminal));

  addOne(command, "retry")
    .description("Let a parked instance go on: its worker handles again what failed, then what waits behind it.")
    .addHelpText("after", "\nExample:\n  tidemark processes retry checkout order-7")
    .action((name: string, id: string, flags: StoreFlags) => retry(name, id, flags, terminal));

  addOne(command, "cancel")
    .description("End an instance: its timers and the commands that are not issued are cancelled.")
    .option("--yes", "do not ask for confirmation; needed without a terminal")
    .addHelpText("after", "\nExample:\n  tidemark processes cancel checkout order-7")
    .action((name: string, id: string, flags: StoreFlags & { readonly yes?: boolean }) => cancel(name, id, flags, terminal));
}

type ListFlags = Pick<ProcessQuery, "name" | "status" | "version" | "after"> & { readonly limit: number };

function addOne(command: Command, name: string): Command {
  return addStoreFlags(command.command(name)).argument("<process>", "the process's name").argument("<instance>", "the instance's id");
}

async function list({ name, status, version, after, limit, ...flags }: StoreFlags & ListFlags, terminal: Terminal): Promise<void> {
  const instances = await withStore(flags, terminal, (store) => store.processes.list(given({ name, status, version, after, limit })));
  await terminal.printLines(flags.json ? processLines(instances) : lineUp(processRows(instances), terminal.width));
  if (instances.length === 0) terminal.say("There are no instances.");
  else if (instances.length === limit) terminal.say(`There may be more than these ${limit}: see --limit and --after.`);
}

async function show(name: string, id: string, { limit, ...flags }: StoreFlags & ShapeFlags & { readonly limit: number }, terminal: Terminal): Promise<void> {
  const instance = await withStore(flags, terminal, (store) => store.processes.get(name, id, { limit }), await shapeOptions(flags));
  if (flags.json) return terminal.printJson(processDocument(instance));
  terminal.table(processTable(instance));
  for (const line of JSON.stringify(processDocument(instance).state, null, 2).split("\n")) terminal.print(line);
}

async function versions(name: string | undefined, flags: StoreFlags, terminal: Terminal): Promise<void> {
  const found = await withStore(flags, terminal, (store) => store.processes.versions(name));
  await terminal.printLines(flags.json ? processLines(found) : lineUp(versionRows(found), terminal.width));
  if (found.length === 0) terminal.say("No worker has run a process.");
  for (const { name: process, version, needed, workers } of found)
    if (needed && workers === 0) terminal.say(`Version ${version} of ${process} is needed, and no worker runs it.`);
}

async function retry(name: string, id: string, flags: StoreFlags, terminal: Terminal): Promise<void> {
  await withStore(flags, terminal, (store) => store.processes.retry(name, id));
  if (flags.json) terminal.printJson({ requested: 1 });
  else terminal.print(`The instance goes on as soon as a worker of ${name} comes to it.`);
}

async function cancel(name: string, id: string, { yes, ...flags }: StoreFlags & { readonly yes?: boolean }, terminal: Terminal): Promise<void> {
  await withStore(flags, terminal, async (store) => {
    const { status, timers } = await store.processes.get(name, id, { limit: 1 });
    await confirm(terminal, `Instance ${id} of ${name} is ${status}, with ${timers.length} timers. It would never go on.`, yes);
    await store.processes.cancel(name, id);
  });
  if (flags.json) terminal.printJson({ cancelled: 1 });
  else terminal.print(`Instance ${id} of ${name} is cancelled.`);
}
