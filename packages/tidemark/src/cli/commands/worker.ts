import { dirname, resolve } from "node:path";
import { type Command, InvalidArgumentError as InvalidOptionError } from "commander";
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { EventStore } from "../../store/event-store.ts";
import { InterruptedError } from "../../transfer/transfer-error.ts";
import type { Worker } from "../../runtime/worker.ts";
import { untilSignal } from "../../async/until-signal.ts";
import { configuredEvents, workerModule } from "../config/definitions.ts";
import { wholeNumber } from "../flags.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";
import type { WorkerModule } from "../worker-module.ts";
import { WorkerReport } from "../worker-report.ts";
import { waitForStore } from "../worker/wait.ts";
import { runWatched } from "../worker/watch.ts";

interface WorkerFlags extends StoreFlags {
  readonly lease: number;
  readonly timeout: number;
  readonly connections: number;
  readonly wait?: true | number;
  readonly watch?: true;
}

const examples = `
Examples:
  tidemark worker
  tidemark worker consumers.ts --wait --watch
  tidemark worker dist/consumers.js --timeout 25 --json`;

/** A command that runs what a module defines. */
export interface WorkerCommand {
  readonly name: string;
  readonly description: string;
  /** What the help says of its argument. */
  readonly file: string;
  readonly examples: string;
  /** What of a module it runs. */
  readonly choose: (module: WorkerModule) => WorkerModule;
}

/** `tidemark worker` */
export function addWorker(program: Command, terminal: Terminal): void {
  addWorkerCommand(program, terminal, {
    name: "worker",
    description: "Run every consumer, projection, process and relay that a module exports, until SIGTERM or Ctrl-C. Start it in as many processes as you like.",
    file: "a module that exports consumers, projections, processes and relays; default: those of the configuration",
    examples,
    choose: (module) => module,
  });
}

export function addWorkerCommand(program: Command, terminal: Terminal, { name, description, file: argument, examples: shown, choose }: WorkerCommand): void {
  addStoreFlags(program.command(name), "what happens, one JSON document a line,")
    .description(description)
    .argument("[file]", argument)
    .option("--lease <seconds>", "how long a shard stays with a worker without a heartbeat, 1 to 3600", from(1, 3_600), 15)
    .option("--timeout <seconds>", "how long handlers may run on after the signal, 0 to 86400", from(0, 86_400), 10)
    .option("--connections <number>", "the most connections to the database, 1 to 1000", from(1, 1_000), 10)
    .option("--wait [seconds]", "wait until the database can be reached and its schema fits, 1 to 86400 seconds; default: without end", from(1, 86_400))
    .option("--watch", "start again when a source file has changed in the folder of the module or below it; for development")
    .addHelpText("after", shown)
    .action((file: string | undefined, flags: WorkerFlags) => work(file, flags, choose, terminal));
}

async function work(file: string | undefined, flags: WorkerFlags, choose: WorkerCommand["choose"], terminal: Terminal): Promise<void> {
  const report = new WorkerReport(terminal, flags.json === true);
  if (flags.watch) return await watch(file, flags, report);
  const module = choose(await workerModule(file, flags));
  if (flags.wait !== undefined) await waitForStore(flags, flags.wait === true ? Number.POSITIVE_INFINITY : flags.wait, terminal, report);
  await withStore(flags, terminal, (store) => run(store, module, flags, report), {
    pool: { max: flags.connections },
    audited: false,
    // The store follows them wherever appends do not write them.
    projections: module.inline,
    ...configuredEvents(flags),
  });
}

async function watch(file: string | undefined, { settings }: WorkerFlags, report: WorkerReport): Promise<void> {
  const watched = file ?? settings?.config?.file;
  if (watched === undefined) throw new InvalidArgumentError("--watch", "has nothing to watch: name a module, or write a tidemark.config.ts");
  const [main = "", ...args] = process.argv.slice(1);
  await runWatched([...process.execArgv, main, ...args.filter((arg) => arg !== "--watch")], dirname(resolve(watched)), report);
}

async function run(store: EventStore, module: WorkerModule, flags: WorkerFlags, report: WorkerReport): Promise<void> {
  const worker = createWorker(store, module, flags.lease, report);
  let forced = false;
  const { first, unlisten } = untilSignal(() => {
    forced = true;
    void worker?.stop({ timeoutMs: 0 });
  });
  try {
    await worker?.start();
    const consumers = module.consumers.map(({ name }) => name);
    const projections = [...module.projections, ...module.inline].map(({ name }) => name);
    const processes = module.processes.map(({ name, version }) => (version === 1 ? name : `${name} (version ${version})`));
    const relays = module.relays.map(({ name }) => name);
    report.tell("started", `Running ${[...consumers, ...projections, ...processes, ...relays].join(", ")}. SIGTERM or Ctrl-C ends it.`, {
      consumers,
      projections,
      processes: module.processes.map(({ name }) => name),
      relays,
    });
    const unwatch = report.watch(store, { consumers: new Set(consumers), projections: new Set(projections), relays: new Set(relays) });
    await first;
    unwatch();
    report.tell("stopping", `Stopping: handlers have ${flags.timeout} s to end. A second signal does not wait.`);
    if (worker) await stop(worker, flags.timeout, report);
    if (forced) throw new InterruptedError("Stopped without waiting for handlers: their events come again.");
    report.tell("stopped", "Stopped.");
  } finally {
    unlisten();
  }
}

/** Undefined where the module has inline projections alone: the store follows those. */
function createWorker(store: EventStore, { consumers, projections, processes, relays }: WorkerModule, lease: number, report: WorkerReport): Worker | undefined {
  if (consumers.length + projections.length + processes.length + relays.length === 0) return undefined;
  try {
    return store.createWorker({ consumers, projections, processes, relays, leaseMs: lease * 1_000, onError: (error) => report.error(error) });
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new InvalidArgumentError("<file>", error.message.replace(/^\S+ /, ""), { cause: error });
    throw error;
  }
}

async function stop(worker: Worker, seconds: number, report: WorkerReport): Promise<void> {
  const began = performance.now();
  await worker.stop({ timeoutMs: seconds * 1_000 });
  if (performance.now() - began >= seconds * 1_000) report.tell("aborted", `Handlers that still ran after ${seconds} s were aborted: their events come again.`);
}

function from(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = wholeNumber(text);
    if (number < least || number > most) throw new InvalidOptionError(`It must be from ${least} to ${most}.`);
    return number;
  };
}
