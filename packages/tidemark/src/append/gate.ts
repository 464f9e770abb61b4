import type { Session } from "../database/database.ts";
import type { InlineProjections } from "./inline.ts";

/**
 * What this process knows of the projections that appends have to write. Every append passes the epoch; where the database has
 * another one it writes nothing, and is sent again once the registry was read.
 */
export interface Gate {
  /** 0 until the registry was read: a store that never had a projection needs no look at it. */
  readonly epoch: number;
  /** What appends write in this epoch; undefined where that is nothing. */
  readonly inline: InlineProjections | undefined;
  /**
   * Reads the registry. Rejects where appends must not go on.
   *
   * @param within - The transaction of the caller's that the append is in.
   */
  reload(within?: Session): Promise<void>;
}
