import { AsyncLocalStorage } from "node:async_hooks";
import { InvalidArgumentError } from "../errors/errors.ts";
import { Semaphore } from "../async/semaphore.ts";
import { Unfinished } from "../async/unfinished.ts";

/** A task that has a connection to itself, and what it started. */
interface Section {
  readonly of: ConnectionQueue;
  readonly inner: ConnectionQueue;
  readonly outer: Section | undefined;
}

const current = new AsyncLocalStorage<Section>();

/**
 * What runs on one connection takes turns: statements, and sections of several statements that nothing may come between. What
 * is called inside a section, through whatever object, belongs to it and does not wait for its end.
 */
export class ConnectionQueue {
  readonly #queue = new Semaphore(1);
  readonly #unfinished = new Unfinished();
  #ended = false;

  take<T>(task: () => Promise<T>): Promise<T> {
    const inner = this.#openSection()?.inner;
    if (inner) return this.enlist(inner.take(task));
    if (this.#ended) return refuseAfterEnd();
    return this.enlist(this.#queue.run(task));
  }

  /** Runs `work` with the connection to itself: its statements take turns among each other, all others wait until it is over. */
  alone<T>(work: (queue: ConnectionQueue) => Promise<T>): Promise<T> {
    if (this.#openSection()) return refuseInside();
    if (this.#ended) return refuseAfterEnd();
    return this.enlist(
      this.#queue.run(async () => {
        const inner = new ConnectionQueue();
        try {
          return await current.run({ of: this, inner, outer: current.getStore() }, () => work(inner));
        } finally {
          await inner.#end();
        }
      }),
    );
  }

  /** Adds what `settled` waits for: work that consists of more than one statement. */
  enlist<T>(work: Promise<T>): Promise<T> {
    return this.#unfinished.add(work);
  }

  /** Waits for all that runs, and for what begins meanwhile. Rejects with the first failure among it. */
  settled(): Promise<void> {
    return this.#unfinished.settled();
  }

  /** Nothing that was started inside may run once others have the connection. */
  async #end(): Promise<void> {
    await this.#unfinished.settled().catch(() => {});
    this.#ended = true;
  }

  #openSection(): Section | undefined {
    for (let section = current.getStore(); section; section = section.outer) {
      if (section.of === this && !section.inner.#ended) return section;
    }
    return undefined;
  }
}

/** Weakly held: of a connection that is gone nothing stays. */
const known = new WeakMap<object, ConnectionQueue>();

/** The queue of a connection, known by its driver's client: the same for whatever was made to use it. */
export function connectionQueueOf(connection: object): ConnectionQueue {
  let queue = known.get(connection);
  if (!queue) known.set(connection, (queue = new ConnectionQueue()));
  return queue;
}

const underneath = new WeakMap<object, () => Promise<object>>();

/** Says that what is sent through `client` goes to the connection of another client. */
export function usesConnectionOf(client: object, other: () => Promise<object>): void {
  underneath.set(client, other);
}

/** The client underneath, where `client` only passes on; undefined where it is the driver's own. */
export function connectionUnder(client: object): (() => Promise<object>) | undefined {
  return underneath.get(client);
}

async function refuseInside(): Promise<never> {
  throw new InvalidArgumentError("tx", "is the transaction of an append that is being made, and cannot append inside it. Append after it has returned.");
}

async function refuseAfterEnd(): Promise<never> {
  throw new InvalidArgumentError("tx", "was used after the append that it belongs to had ended. Await everything inside the projection's handler.");
}
