import type { Projection } from "tidemark";
import type { Client } from "../worker/client.ts";

/** One use of the API whose every protocol message is broken in turn. */
export interface Call {
  readonly name: string;
  /** What must be there before; not broken. */
  prepare?(client: Client, category: string): Promise<void>;
  /** All its streams are in this category, which no other case uses. */
  run(client: Client, category: string): Promise<void>;
  /** Which of the promises `verify` is about: the id of an invariant. */
  readonly promise?: string;
  /** What the clients' stores know. */
  projections?(category: string): readonly Projection[];
  /** Looks with a healthy client whether all is as it should be, and brings to its end what `run` began. Returns what is wrong. */
  verify?(healthy: Client, category: string): Promise<string | undefined>;
}

/** Why something that `work` does on a healthy connection cannot be done; undefined where it can. */
export function failure(work: () => Promise<string | undefined>): Promise<string | undefined> {
  return work().catch((error: unknown) => String(error));
}
