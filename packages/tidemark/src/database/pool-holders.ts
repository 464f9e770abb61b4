import type { PoolHolder } from "../errors/database.ts";

/** A connection that a call has. */
export interface HeldConnection {
  /** Whether a statement runs on it. */
  readonly busy: boolean;
  readonly pid: number | null;
}

interface Hold {
  readonly work: string;
  readonly since: number;
  readonly connection: HeldConnection;
}

/** More would fill the message of an error with what nobody reads. */
const most = 5;

/** Which calls have a connection, and since when. */
export class PoolHolders {
  /** In the order in which they began. */
  readonly #holds = new Set<Hold>();

  /** @param work - As `PoolHolder` names it. Returns what is to be called once the connection is back. */
  take(work: string, connection: HeldConnection): () => void {
    const hold: Hold = { work, since: performance.now(), connection };
    this.#holds.add(hold);
    return () => void this.#holds.delete(hold);
  }

  /** Those that have had one for the longest time, the longest first. */
  longest(): readonly PoolHolder[] {
    const now = performance.now();
    const holders: PoolHolder[] = [];
    for (const { work, since, connection } of this.#holds) {
      if (holders.push({ work, heldMs: now - since, idle: !connection.busy, pid: connection.pid }) === most) break;
    }
    return holders;
  }
}
