import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Orders } from "../worker/orders.ts";

export interface WorkersOptions {
  readonly count: number;
  /** The run's folder, which gets a history and a log for each process. */
  readonly folder: string;
  readonly orders: (worker: number) => Omit<Orders, "worker" | "incarnation" | "history" | "predecessor">;
  /** What is left on the server of a process that does not end; it is asked before that counts as late. */
  readonly sessions?: () => Promise<readonly string[]>;
  /** Added to its environment. */
  readonly env: (worker: number) => Readonly<Record<string, string>>;
}

/** How a process ended that was asked to finish. */
export interface Farewell {
  readonly worker: number;
  readonly incarnation: number;
  readonly tookMs: number;
  readonly code: number | null;
  /** Sessions of the store, all workers' together, when it was nearly late. Undefined: it was not. */
  readonly sessions?: readonly string[];
}

/** By then it should have ended. */
const nearlyLateMs = 20_000;

interface Running {
  readonly child: ChildProcess;
  readonly incarnation: number;
  readonly history: string;
  /** It hears signals. Before, SIGTERM would just end it. */
  readonly ready: Promise<unknown>;
  readonly ended: Promise<number | null>;
}

/** Worker processes, each replaced by another when it ends. */
export class Workers {
  readonly #options: WorkersOptions;
  readonly #running = new Map<number, Running>();
  readonly farewells: Farewell[] = [];
  readonly #finishing = new Set<ChildProcess>();
  readonly #acknowledged = new Map<ChildProcess, number>();
  #started = 0;

  constructor(options: WorkersOptions) {
    this.#options = options;
    for (let worker = 1; worker <= options.count; worker++) this.#start(worker, undefined);
  }

  /** Processes started so far. */
  get started(): number {
    return this.#started;
  }

  /** Events acknowledged so far, as the processes tell now and then. */
  get acknowledged(): number {
    let sum = 0;
    for (const count of this.#acknowledged.values()) sum += count;
    return sum;
  }

  get numbers(): readonly [number, ...number[]] {
    return [1, ...Array.from({ length: this.#options.count - 1 }, (_, index) => index + 2)];
  }

  #start(worker: number, predecessor: Running | undefined): void {
    const incarnation = predecessor ? predecessor.incarnation + 1 : 1;
    const file = (suffix: string): string => join(this.#options.folder, `worker-${worker}.${incarnation}.${suffix}`);
    const orders: Orders = {
      ...this.#options.orders(worker),
      worker,
      incarnation,
      history: file("history.jsonl"),
      predecessor: predecessor?.history,
    };
    const log = openSync(file("log"), "a");
    const child = fork(fileURLToPath(new URL("../worker/process.ts", import.meta.url)), [JSON.stringify(orders)], {
      execArgv: ["--conditions=source"],
      env: { ...process.env, ...this.#options.env(worker) },
      stdio: ["ignore", log, log, "ipc"],
    });
    this.#started++;
    child.on("message", (told) => void (typeof told === "number" && this.#acknowledged.set(child, told)));
    const ended = once(child, "exit").then(([code]: (number | null)[]) => code ?? null);
    const running: Running = { child, incarnation, history: orders.history, ready: once(child, "message"), ended };
    this.#running.set(worker, running);
    void ended.then((code) => this.#endedByItself(worker, running, code));
  }

  /** A process that nobody asked to end has failed; the checker is told, and another takes its place. */
  #endedByItself(worker: number, running: Running, code: number | null): void {
    if (code === null || this.#finishing.has(running.child) || this.#running.get(worker) !== running) return;
    this.farewells.push({ worker, incarnation: running.incarnation, tookMs: 0, code });
    this.#start(worker, running);
  }

  signal(worker: number, name: NodeJS.Signals): void {
    this.#running.get(worker)?.child.kill(name);
  }

  /** Ends a process without warning and starts its successor. */
  async kill(worker: number): Promise<void> {
    const running = this.#running.get(worker);
    this.signal(worker, "SIGKILL");
    await running?.ended;
    // Unless it had failed a moment before.
    if (this.#running.get(worker) === running) this.#start(worker, running);
  }

  /** Asks a process to finish, waits for it, and starts its successor. */
  async replace(worker: number): Promise<void> {
    const running = await this.#finish(worker);
    this.#start(worker, running);
  }

  async #finish(worker: number): Promise<Running | undefined> {
    const running = this.#running.get(worker);
    if (!running) return undefined;
    await Promise.race([running.ready, running.ended]);
    if (this.#running.get(worker) !== running) return this.#finish(worker);
    const startedAt = performance.now();
    this.#finishing.add(running.child);
    running.child.kill("SIGTERM");
    const tooLong = setTimeout(() => running.child.kill("SIGKILL"), 60_000);
    let noting: Promise<readonly string[]> | undefined;
    const nearlyLate = setTimeout(() => {
      noting = this.#note();
    }, nearlyLateMs);
    const code = await running.ended;
    const tookMs = Math.round(performance.now() - startedAt);
    clearTimeout(tooLong);
    clearTimeout(nearlyLate);
    const sessions = await noting;
    this.farewells.push({ worker, incarnation: running.incarnation, tookMs, code, ...(sessions && { sessions }) });
    return running;
  }

  /** Sessions of now; the run does not hang where the server does. */
  async #note(): Promise<readonly string[]> {
    const unknown = delay(10_000, ["the server did not answer"]);
    return await Promise.race([this.#options.sessions?.() ?? [], unknown]).catch((error: unknown) => [`not known: ${String(error)}`]);
  }

  /** Asks all to finish, and waits. */
  async finish(): Promise<void> {
    await Promise.all(this.numbers.map((worker) => this.#finish(worker)));
    this.#running.clear();
  }

  /** Ends all at once, when the run itself has failed. */
  abandon(): void {
    for (const { child } of this.#running.values()) child.kill("SIGKILL");
  }
}
