import { setTimeout as delay } from "node:timers/promises";
import { openEventStore, type EventStore, type Projection, type Worker } from "tidemark";
import { hasAll } from "../../project/has-all.ts";
import { schema } from "./definitions.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const leaseMs = 1_500;
/** Longer than any lease, and than a busy machine takes for what is left. */
export const patienceMs = 60_000;

/** What a process runs: a store, which follows its inline projections, and a worker for the others. */
export class Running {
  readonly store: EventStore;
  readonly #worker: Worker | undefined;

  private constructor(store: EventStore, projections: readonly Projection[]) {
    this.store = store;
    this.#worker = projections.some(({ mode }) => mode === "async") ? store.createWorker({ leaseMs, onError: () => undefined }) : undefined;
  }

  static async start(url: string, projections: readonly Projection[]): Promise<Running> {
    const running = new Running(await openEventStore(url, { schema, projections, logger: quiet, pool: { max: 4 } }), projections);
    await running.#worker?.start();
    return running;
  }

  /** Until all versions that are registered hold all events that there are. */
  async caughtUp(): Promise<void> {
    const end = await this.store.highWaterMark();
    for (const until = performance.now() + patienceMs; ; await delay(20)) {
      const versions = await this.store.projections.list();
      if (versions.every((version) => hasAll(version, end))) return;
      if (performance.now() > until) throw new Error(`Some version does not catch up: ${JSON.stringify(versions)}`);
    }
  }

  async stop(): Promise<void> {
    await this.store.close({ timeoutMs: 2_000 });
  }
}
