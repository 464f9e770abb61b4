import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { serverAccount } from "./account.ts";
import { endWithProcess } from "./exit.ts";
import { freePort } from "./port.ts";

/** A message broker on this machine: real, durable, and easy to break. */
export interface Broker extends AsyncDisposable {
  /** Of 127.0.0.1. Stays the same over `kill` and `start`. */
  readonly port: number;
  /** Its process. Changes with every start. */
  readonly pid: number;
  /** Ends it without warning (SIGKILL). What it has stored stays. */
  kill(): Promise<void>;
  /** Asks it to end (SIGTERM), and waits until it has. */
  stop(): Promise<void>;
  /** Starts it again after `kill` or `stop`. */
  start(): Promise<void>;
}

/** How one kind of broker is run. */
export interface BrokerProgram {
  readonly name: string;
  /** What to run, in a folder of its own. */
  readonly command: (folder: string, port: number) => BrokerCommand | Promise<BrokerCommand>;
  /** Runs beside it for as long: what it would start itself, and leave behind. */
  readonly companion?: (folder: string) => Promise<BrokerCommand & { readonly env: Readonly<Record<string, string>> }>;
}

export interface BrokerCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const mostStartingMs = 120_000;

/** Starts a broker. It ends when it is disposed of or this process ends. */
export async function startBroker({ name, command, companion }: BrokerProgram): Promise<Broker> {
  const account = await serverAccount();
  const folder = await mkdtemp(join(tmpdir(), `tidemark-${name}-`));
  if (account.uid !== undefined && account.gid !== undefined) await chown(folder, account.uid, account.gid);
  const port = await freePort();
  const run = ({ file, args, env = {} }: BrokerCommand): ChildProcess =>
    // In a group of its own: it may be a script with the broker below it.
    spawn(file, args, { stdio: "ignore", cwd: folder, detached: true, env: { PATH: process.env["PATH"], LANG: "C.UTF-8", HOME: folder, ...env }, ...account });
  const beside = await companion?.(folder);
  const besideChild = beside && run(beside);
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const { env, ...rest } = await command(folder, port);
    child = run({ ...rest, env: { ...beside?.env, ...env } });
    await untilListening(child, name, port);
  }
  async function endWith(name: NodeJS.Signals): Promise<void> {
    if (!child) return;
    await end(child, name);
    // What ran below a script is gone a moment later. Until then its port would be taken for that of the next one.
    while (await isListening(port)) await delay(10);
  }
  const letGo = endWithProcess({ folder, endNow: () => [child, besideChild].forEach((one) => one && signalGroup(one, "SIGKILL")) });
  const broker: Broker = {
    port,
    get pid() {
      return child?.pid ?? 0;
    },
    kill: () => endWith("SIGKILL"),
    stop: () => endWith("SIGTERM"),
    start,
    async [Symbol.asyncDispose]() {
      await endWith("SIGKILL");
      if (besideChild) await end(besideChild, "SIGKILL");
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 25 });
      letGo();
    },
  };
  try {
    await start();
  } catch (error) {
    await broker[Symbol.asyncDispose]();
    throw error;
  }
  return broker;
}

async function end(child: ChildProcess, name: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  signalGroup(child, name);
  await gone;
}

function signalGroup({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // It has ended by itself.
  }
}

async function untilListening(child: ChildProcess, name: string, port: number): Promise<void> {
  const deadline = performance.now() + mostStartingMs;
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode} before it listened`);
    if (performance.now() > deadline) throw new Error(`${name} did not listen on port ${port} within ${mostStartingMs} ms`);
    await delay(50);
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
