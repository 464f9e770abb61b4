/** A connection to a broker, as a sink uses it. */
export interface Session {
  /** Whether it can publish. Once false, false for ever. */
  readonly usable: boolean;
  /** Waits for what is being published, and ends it. */
  close(): Promise<void>;
}

/** Opens a session at the first use, and another one once that is of no use any more. */
export class Reconnecting<S extends Session> {
  readonly #open: () => Promise<S>;
  #session: Promise<S> | undefined;
  #usable: S | undefined;

  constructor(open: () => Promise<S>) {
    this.#open = open;
  }

  /** Of several that ask at once, all get the same one. */
  async get(): Promise<S> {
    if (this.#usable?.usable) return this.#usable;
    if (this.#usable) {
      this.#usable = undefined;
      this.#session = undefined;
    }
    const opening = (this.#session ??= this.#open());
    try {
      const session = await opening;
      if (this.#session === opening) this.#usable = session;
      return session;
    } catch (error) {
      if (this.#session === opening) this.#session = undefined;
      throw error;
    }
  }

  /** Ends the session there is. Who asks meanwhile gets another one. */
  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#usable = undefined;
    await (await session?.catch(() => undefined))?.close();
  }
}
