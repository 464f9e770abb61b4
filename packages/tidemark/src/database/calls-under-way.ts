import { StoreClosedError } from "../errors/opening.ts";

/** What a call runs on. */
interface Lent {
  /** Closes it now: what waits for its answer rejects. */
  abandon(): void;
}

type Work<C, T> = (connection: C) => Promise<T>;

/** A call that waits for a connection, or has one. */
interface Call {
  connection?: Lent;
  readonly giveUp: (reason: Error) => void;
}

/** The calls of a pool. Its closing waits for them, until it cuts them off. */
export class CallsUnderWay {
  readonly #running = new Map<Call, Promise<unknown>>();
  #over = false;

  /**
   * Runs `work` on what `lend` lends. Where it is cut off before that, it rejects with `StoreClosedError`, and nothing is sent; else it
   * rejects as it does when its connection is lost.
   */
  async run<C extends Lent, T>(lend: (work: Work<C, T>) => Promise<T>, work: Work<C, T>): Promise<T> {
    if (this.#over) throw new StoreClosedError();
    const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
    const call: Call = { giveUp };
    const lent = lend(async (connection) => {
      // It came too late.
      if (this.#over) throw new StoreClosedError();
      call.connection = connection;
      return await work(connection);
    });
    const running = Promise.race([lent, givenUp]);
    this.#running.set(call, running);
    try {
      return await running;
    } finally {
      this.#running.delete(call);
    }
  }

  /** Resolves when all that run now have ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }

  /** Ends all, and refuses new ones. */
  cutOff(): void {
    this.#over = true;
    for (const { connection, giveUp } of this.#running.keys()) {
      if (connection) connection.abandon();
      else giveUp(new StoreClosedError());
    }
  }
}
