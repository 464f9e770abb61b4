import pg from "pg";
import type { EventStore, StoreTransaction } from "tidemark";

/** What a step of a session works with. */
export interface Hands {
  readonly client: pg.Client;
  readonly store: EventStore;
  /** The store in the session's transaction; only after BEGIN. */
  tx(): StoreTransaction;
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
}

/** A statement, or a few that nobody comes between. */
export type Step = (hands: Hands) => Promise<unknown>;

/** How a step ended: at once, later, or not yet. */
type State = "idle" | "running" | "waiting";

/** A connection that takes the steps of one actor. */
export class Session {
  readonly #url: string;
  readonly #store: EventStore;
  #client: pg.Client;
  #pid = 0;
  #state: State = "idle";
  /** Steps of an order that was given up may still end. */
  #turn = 0;
  #failed = false;
  readonly outcomes: string[] = [];

  private constructor(url: string, store: EventStore, client: pg.Client) {
    this.#url = url;
    this.#store = store;
    this.#client = client;
  }

  static async open(url: string, store: EventStore): Promise<Session> {
    const session = new Session(url, store, new pg.Client({ connectionString: url }));
    await session.#connect();
    return session;
  }

  async #connect(): Promise<void> {
    this.#client = new pg.Client({ connectionString: this.#url });
    // Whoever takes a shard over ends the session of its last owner.
    this.#client.on("error", () => undefined);
    await this.#client.connect();
    const { rows } = await this.#client.query<{ pid: number }>("select pg_backend_pid() as pid");
    this.#pid = rows[0]?.pid ?? 0;
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
    const hands: Hands = {
      client: this.#client,
      store: this.#store,
      tx: () => this.#store.withTransaction(this.#client),
      query: async (text, values = []) => (await this.#client.query<Record<string, unknown>>(text, [...values])).rows,
    };
    this.#state = "running";
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
      const { rows } = await control.query<{ blocked: boolean }>("select cardinality(pg_blocking_pids($1)) > 0 as blocked", [this.#pid]);
      if (this.#busy() && rows[0]?.blocked === true) {
        this.#state = "waiting";
        return;
      }
    }
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
    await this.#connect();
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }
}
