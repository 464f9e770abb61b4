import { Signal } from "../async/signal.ts";
import { ProcessVersionMissingError } from "../errors/processes.ts";
import type { ShardAccess } from "../runtime/follower.ts";
import type { WorkerContext } from "../runtime/worker-context.ts";
import type { DefinedProcess } from "./defined-process.ts";
import { Minutely } from "./minutely.ts";
import { isBehind, readVersions, type RegisteredVersion } from "./process-versions.ts";
import type { ProcessStatements } from "./statements.ts";

const firstPollMs = 20;
const mostPollMs = 1_000;

export interface VersionGateContext {
  readonly process: DefinedProcess;
  readonly statements: Pick<ProcessStatements, "versions">;
  readonly worker: Pick<WorkerContext, "database" | "logger" | "progress">;
}

/**
 * Which instances one version of a process starts: those whose first input comes after its own cut and up to that of the next version
 * (`register-process.sql`). A version begins once all those below it have reached their ends. Before that, an instance that is not there may
 * still be started by one of them.
 */
export class VersionGate {
  readonly #context: VersionGateContext;
  readonly #shard: Pick<ShardAccess, "tenant" | "signal" | "tell">;
  #startsUntil = Number.POSITIVE_INFINITY;
  /** What was told of, until a worker runs it. */
  readonly #missing = new Set<number>();
  readonly #looks = new Minutely();

  constructor(context: VersionGateContext, shard: Pick<ShardAccess, "tenant" | "signal" | "tell">) {
    this.#context = context;
    this.#shard = shard;
  }

  /** Whether it starts an instance whose first input is at this position. */
  starts(position: number): boolean {
    return position <= this.#startsUntil;
  }

  /** Whether it starts the instances of today. */
  get isNewest(): boolean {
    return this.#startsUntil === Number.POSITIVE_INFINITY;
  }

  /**
   * Resolves once inputs may be handled, or the shard must end. To be called after each takeover: registering the next version raises the
   * fence, so a shard that does not know its end commits nothing beyond it.
   */
  async open(): Promise<void> {
    const { process, worker } = this.#context;
    const { tenant, signal } = this.#shard;
    const moved = new Signal();
    const heard = new Map<string, () => void>();
    try {
      for (let ms = firstPollMs; ; ms = Math.min(mostPollMs, ms * 2)) {
        const behind = (await this.#look()).filter((one) => one.version < process.version && isBehind(one));
        if (behind.length === 0 || signal.aborted) return;
        for (const { follower, version, reached, startsUntil } of behind) {
          if (heard.has(follower)) continue;
          heard.set(
            follower,
            worker.progress.listen(tenant, follower, () => moved.raise()),
          );
          worker.logger.info(
            `tidemark: version ${process.version} of process ${JSON.stringify(process.name)} waits until version ${version} has handled the events up to position ${startsUntil}; it is at ${reached}.`,
          );
        }
        await moved.wait({ ms, abort: signal });
      }
    } finally {
      for (const unlisten of heard.values()) unlisten();
    }
  }

  /** An input went by that is another version's. Looks, beside the loop and once in a while, whether a worker runs that. */
  passedBy(): void {
    this.#looks.run(async () => {
      await this.#look().catch(() => {});
    });
  }

  /** Resolves once nothing of it runs beside the loop. */
  ended(): Promise<void> {
    return this.#looks.ended();
  }

  async #look(): Promise<readonly RegisteredVersion[]> {
    const { process, statements, worker } = this.#context;
    const versions = await readVersions(worker.database, statements, this.#shard.tenant, process.name);
    for (const one of versions) {
      if (one.version === process.version) this.#startsUntil = one.startsUntil;
      else this.#tellIfMissing(one);
    }
    return versions;
  }

  /** Once, until a worker has run it again. */
  #tellIfMissing(one: RegisteredVersion): void {
    const { name, version: own } = this.#context.process;
    const { version, isServed, isOpen, startsUntil } = one;
    if (isServed) this.#missing.delete(version);
    if (isServed || this.#missing.has(version)) return;
    const startsNew = startsUntil === Number.POSITIVE_INFINITY;
    const waits = version < own && isBehind(one) ? "next-version" : startsNew ? "new-instances" : "instances";
    if (waits === "instances" && !isOpen) return;
    this.#missing.add(version);
    this.#shard.tell(new ProcessVersionMissingError({ process: name, version, waits }));
  }
}
