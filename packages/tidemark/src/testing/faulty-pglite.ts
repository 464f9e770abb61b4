import type { PGliteInstance, PGliteQueryable, PGliteTransaction } from "../database/pglite-client.ts";
import { override } from "./override.ts";

/** What can become of a statement that appends: refused before it runs, or run, and its reply lost. */
export type StatementFault = "refused" | "lost-reply";

/** The functions of the schema that append. */
const appends = /\.append_\w+\(/;

/** A PGlite whose next append meets the fault that was armed. */
export class FaultyPGlite<P extends PGliteInstance> {
  readonly pool: P;
  #armed: StatementFault | undefined;

  constructor(instance: P) {
    this.pool = override(instance, {
      query: this.#queryOf(instance),
      transaction: <T>(work: (tx: PGliteTransaction) => Promise<T>) => instance.transaction((tx) => work(override(tx, { query: this.#queryOf(tx) }))),
    });
  }

  /** The next statement that appends meets this. */
  arm(fault: StatementFault): void {
    this.#armed = fault;
  }

  /** Nothing meets it any more. False where it was met. */
  disarm(): boolean {
    const unmet = this.#armed !== undefined;
    this.#armed = undefined;
    return unmet;
  }

  #queryOf(target: PGliteQueryable): PGliteQueryable["query"] {
    return async (text, ...rest) => {
      const fault = appends.test(text) ? this.#armed : undefined;
      if (fault === undefined) return await target.query(text, ...rest);
      this.#armed = undefined;
      // What a server that is full says. Nothing was run.
      if (fault === "refused") throw Object.assign(new Error("sorry, too many clients already (planned by the test)"), { code: "53300" });
      await target.query(text, ...rest);
      throw new Error("the connection broke before the reply arrived (planned by the test)");
    };
  }
}
