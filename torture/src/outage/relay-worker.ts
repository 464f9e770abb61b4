import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { RetryOptions } from "tidemark";

export interface RelayOrders {
  readonly url: string;
  /** Of the broker. */
  readonly broker: string;
  readonly retry: RetryOptions | undefined;
}

/** In bytes, after a collection. */
export interface Memory {
  readonly rss: number;
  /** With what lies outside of it, such as buffers. */
  readonly heap: number;
}

/** What its process tells. */
export type RelayReport = Memory | { readonly code: string } | { readonly started: true };

/** A worker with the relay, in a process of its own. */
export class RelayWorker implements AsyncDisposable {
  /** Codes of the errors that its `onError` was told. */
  readonly told: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;
  #started = Promise.withResolvers<void>();
  #asked: PromiseWithResolvers<Memory> | undefined;

  private constructor(orders: RelayOrders) {
    this.#child = fork(fileURLToPath(new URL("relay-process.ts", import.meta.url)), [JSON.stringify(orders)], {
      execArgv: ["--conditions=source", "--expose-gc"],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#ended = once(this.#child, "exit").then(([code, signal]) => {
      throw new Error(`The relay's process ended by itself, with ${String(signal ?? code)}.`);
    });
    this.#ended.catch(() => undefined);
    this.#child.on("message", (report: RelayReport) => {
      if ("code" in report) this.told.push(report.code);
      else if ("started" in report) this.#started.resolve();
      else this.#asked?.resolve(report);
    });
  }

  static async start(orders: RelayOrders): Promise<RelayWorker> {
    const worker = new RelayWorker(orders);
    await Promise.race([worker.#started.promise, worker.#ended]);
    return worker;
  }

  /** What it has after a collection, which this forces. */
  async memory(): Promise<Memory> {
    this.#asked = Promise.withResolvers<Memory>();
    this.#child.send("memory");
    return await Promise.race([this.#asked.promise, this.#ended]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const tooLong = setTimeout(() => this.#child.kill("SIGKILL"), 60_000);
    this.#child.kill("SIGTERM");
    await once(this.#child, "exit");
    clearTimeout(tooLong);
  }
}
