import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { EventStore, StoreTransaction } from "tidemark";

/** What a step of a session works with. */
export interface Hands {
  readonly client: pg.Client;
  /** A store whose only connection is this session's too. */
  readonly own: EventStore;
  /** The store in the session's transaction; only after BEGIN. */
  tx(): StoreTransaction;
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
}

/** A statement, or a few that nobody comes between. */
export type Step = (hands: Hands) => Promise<unknown>;

/** How a step ended: at once, later, or not yet. */
type State = "idle" | "running" | "waiting";

/** A store with one connection, as often as one is needed. */
export type OpenOwn = () => Promise<EventStore>;

/** A connection that takes the steps of one actor, and a store with another one. */
export class Session {
  readonly #url: string;
  readonly #openOwn: OpenOwn;
  #client: pg.Client;
  #own: EventStore;
  /** Of both connections. */
  #pids: readonly number[] = [];
  /** Of those that the step that runs uses. */
  #asked: () => readonly number[] = () => [];
  #state: State = "idle";
  /** Steps of an order that was given up may still end. */
  #turn = 0;
  #failed = false;
  readonly outcomes: string[] = [];

  private constructor(url: string, openOwn: OpenOwn, own: EventStore) {
    this.#url = url;
    this.#openOwn = openOwn;
    this.#own = own;
    this.#client = new pg.Client({ connectionString: url });
  }

  static async open(url: string, openOwn: OpenOwn): Promise<Session> {
    const session = new Session(url, openOwn, await openOwn());
    await session.#connect();
    return session;
  }

  async #connect(): Promise<void> {
    this.#client = new pg.Client({ connectionString: this.#url });
    // Whoever takes a shard over ends the session of its last owner.
    this.#client.on("error", () => undefined);
    await this.#client.connect();
    const ask = "select pg_backend_pid() as pid";
    const answers = [await this.#client.query<{ pid: number }>(ask), await this.#own.query<{ pid: number }>(ask)];
    this.#pids = answers.map(({ rows }) => rows[0]?.pid ?? 0);
  }

  get waiting(): boolean {
    return this.#state === "waiting";
  }

  /** Something failed: what is left of its steps is not taken. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Starts a step, and returns when it has ended or waits for a lock. */
  async take(step: Step, control: pg.Client): Promise<void> {
    let pids: readonly number[] = this.#pids.slice(0, 1);
    const [own, both] = [this.#own, this.#pids];
    const hands: Hands = {
      client: this.#client,
      get own() {
        // What the store does of its own accord is not the step's.
        pids = both;
        return own;
      },
      tx: () => this.#own.withTransaction(this.#client),
      query: async (text, values = []) => (await this.#client.query<Record<string, unknown>>(text, [...values])).rows,
    };
    this.#state = "running";
    this.#asked = () => pids;
    const turn = this.#turn;
    void step(hands).then(
      () => this.#end(turn, "ok"),
      (error: unknown) => {
        if (turn === this.#turn) this.#failed = true;
        this.#end(turn, error instanceof Error && "code" in error ? String(error.code) : String(error));
      },
    );
    await this.settle(control);
  }

  #end(turn: number, outcome: string): void {
    if (turn !== this.#turn) return;
    this.outcomes.push(outcome);
    this.#state = "idle";
  }

  /** Looks until the step that runs has ended, or waits for somebody. */
  async settle(control: pg.Client): Promise<void> {
    while (this.#busy()) {
      const { rows } = await control.query<{ blocked: boolean }>(
        "select bool_or(cardinality(pg_blocking_pids(pid)) > 0) as blocked from unnest($1::int[]) as pid",
        [this.#asked()],
      );
      if (this.#busy() && rows[0]?.blocked === true) {
        this.#state = "waiting";
        return;
      }
    }
  }

  /** Waits for what waits to end: what held it up may be nobody's step. */
  async outlast(mostMs: number): Promise<void> {
    const deadline = performance.now() + mostMs;
    while (this.#busy() && performance.now() < deadline) await delay(5);
  }

  #busy(): boolean {
    return this.#state !== "idle";
  }

  /** Ready for the next order: with another connection where this one waits, or was ended. */
  async reset(): Promise<void> {
    const wasBusy = this.#busy();
    this.#turn++;
    this.outcomes.length = 0;
    this.#failed = false;
    this.#state = "idle";
    if (!wasBusy) {
      const alive = await this.#client.query("rollback").then(
        () => true,
        () => false,
      );
      if (alive) return;
    }
    void this.#client.end().catch(() => undefined);
    void this.#own.close({ timeoutMs: 0 }).catch(() => undefined);
    this.#own = await this.#openOwn();
    await this.#connect();
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
    await this.#own.close();
  }
}
