import type { Queryable, Statement, TextRow } from "../../src/database/database.ts";
import { ConnectionError } from "../../src/errors/database.ts";
import type { Life, VirtualTime } from "./virtual-time.ts";

/** What becomes of one statement, in virtual milliseconds. */
export interface Fate {
  readonly sendMs: number;
  readonly answerMs: number;
  /** Lost before it took effect, or its answer was. */
  readonly lost: "never" | "before" | "after";
}

interface Lease {
  readonly id: number;
  readonly consumer: string;
  readonly shard: number;
  owner: string | undefined;
  fence: number;
  end: number;
}

/** What renew_leases, take_shard and release_shards do, on the virtual clock. */
export class ModelLeases {
  readonly leases: Lease[] = [];
  /** By consumer and worker, until when the worker counts. */
  readonly #members = new Map<string, Map<string, number>>();
  readonly #time: VirtualTime;
  readonly #fate: (statement: string) => Fate;

  constructor(time: VirtualTime, shards: Readonly<Record<string, number>>, fate: (statement: string) => Fate) {
    this.#time = time;
    this.#fate = fate;
    for (const [consumer, count] of Object.entries(shards)) {
      this.#members.set(consumer, new Map());
      for (let shard = 0; shard < count; shard++) this.leases.push({ id: this.leases.length + 1, consumer, shard, owner: undefined, fence: 0, end: -1 });
    }
  }

  shardsOf(consumer: string): Lease[] {
    return this.leases.filter((lease) => lease.consumer === consumer);
  }

  quotaOf(consumer: string, worker: string): number {
    const names = [...(this.#members.get(consumer) ?? [])].filter(([name, end]) => end > this.#time.now || name === worker).map(([name]) => name);
    const shards = this.shardsOf(consumer).length;
    const rank = names.filter((name) => name < worker).length;
    return Math.floor(shards / names.length) + (rank < shards % names.length ? 1 : 0);
  }

  /** A worker's connection. `inFlight` is told how many of its heartbeats and takeovers have been sent and not answered. */
  connect(life: Life, inFlight: (count: number) => void): Pick<Queryable, "query"> {
    let sent = 0;
    return {
      query: async (statement: Statement, values: readonly unknown[]): Promise<TextRow[]> => {
        const { sendMs, answerMs, lost } = this.#fate(statement.name);
        const counts = statement.name === "release" ? 0 : 1;
        inFlight((sent += counts));
        try {
          // The server goes on when a client stands still or dies.
          const answer = await new Promise<TextRow[] | Error>((resolve) => {
            const server = this.#time.live();
            server.clock.after(sendMs, () => {
              const rows = lost === "before" ? [] : this.#do(statement.name, values);
              server.clock.after(answerMs, () =>
                life.clock.after(0, () => resolve(lost === "never" ? rows : new ConnectionError("The connection was lost.", { sent: true }))),
              );
            });
          });
          if (answer instanceof Error) throw answer;
          return answer;
        } finally {
          inFlight((sent -= counts));
        }
      },
    };
  }

  #do(name: string, values: readonly unknown[]): TextRow[] {
    const numbers = (value: unknown): number[] =>
      String(value)
        .slice(1, -1)
        .split(",")
        .filter((text) => text !== "")
        .map(Number);
    const now = this.#time.now;
    if (name === "renew") {
      const [, consumers, worker, leaseMs, ids, fences] = values;
      return [{ answer: JSON.stringify(this.#renew(String(consumers).split("\u001f"), String(worker), Number(leaseMs), numbers(ids), numbers(fences))) }];
    }
    if (name === "take") {
      const [id, worker, leaseMs] = values;
      const lease = this.leases.find((each) => each.id === id);
      if (!lease || lease.end >= now) return [];
      Object.assign(lease, { owner: String(worker), fence: lease.fence + 1, end: now + Number(leaseMs) });
      const shards = this.shardsOf(lease.consumer).length;
      return [
        { consumer: lease.consumer, shard: `${lease.shard}`, shards: `${shards}`, barrier: null, fence: `${lease.fence}`, checkpoint: "0", event_id: null },
      ];
    }
    const [, worker, ids] = values;
    const some = ids === null ? undefined : numbers(ids);
    for (const lease of this.leases) if (lease.owner === worker && lease.end > now && (some?.includes(lease.id) ?? true)) lease.end = -1;
    if (!some) for (const members of this.#members.values()) members.delete(String(worker));
    return [];
  }

  #renew(consumers: readonly string[], worker: string, leaseMs: number, ids: readonly number[], fences: readonly number[]): object {
    const now = this.#time.now;
    for (const consumer of consumers) {
      const members = this.#members.get(consumer);
      members?.set(worker, now + leaseMs);
      for (const [name, end] of members ?? []) if (name !== worker && end < now - leaseMs) members?.delete(name);
    }
    const held = this.leases.filter(({ id, owner, fence, end }) => owner === worker && end > now && fence === fences[ids.indexOf(id)]);
    for (const lease of held) lease.end = now + leaseMs;
    const renewed = held.map(({ id }) => id);
    return {
      renewed,
      livenessLocks: [],
      fences: Object.fromEntries(this.leases.filter(({ id }) => ids.includes(id) && !renewed.includes(id)).map(({ id, fence }) => [id, fence])),
      consumers: consumers.map((name) => {
        const others = this.shardsOf(name).filter(({ end, owner }) => end > now && owner !== worker);
        return {
          name,
          paused: false,
          retryRequested: false,
          quota: this.quotaOf(name, worker),
          free: this.shardsOf(name)
            .filter(({ end }) => end < now)
            .map(({ id }) => id),
          nextEndMs: others.length === 0 ? null : Math.ceil(Math.min(...others.map(({ end }) => end)) - now),
        };
      }),
    };
  }
}
