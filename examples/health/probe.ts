import { setTimeout as delay } from "node:timers/promises";
import type { EventStore, HealthLimits, HealthReport } from "tidemark";

export interface Answer {
  readonly status: 200 | 503;
  readonly report: HealthReport;
}

/** What `/livez` and `/readyz` answer. */
export class Probe {
  readonly #store: EventStore;
  readonly #limits: HealthLimits;
  #draining = false;

  constructor(store: EventStore, limits: HealthLimits = {}) {
    this.#store = store;
    this.#limits = limits;
  }

  /** Whether the process should go on. A database that is away is no reason to restart it. */
  async live(): Promise<Answer> {
    const report = await this.#store.health(this.#limits);
    return { status: report.live ? 200 : 503, report };
  }

  /** Whether requests should come here: the database answers, its schema fits, and nobody has asked the process to stop. */
  async ready(): Promise<Answer> {
    const report = await this.#store.health(this.#limits);
    return { status: report.ready && !this.#draining ? 200 : 503, report };
  }

  /** At SIGTERM: says "not ready" until the load balancer has noticed, then finishes requests, then closes the store. */
  drainAtSigterm(closeServer: () => Promise<void>, noticedMs: number): void {
    process.once("SIGTERM", () => {
      this.#draining = true;
      void delay(noticedMs)
        .then(closeServer)
        .then(() => this.#store.close());
    });
  }
}
