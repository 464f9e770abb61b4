import type { Client } from "../worker/client.ts";

/** One use of the API whose every protocol message is broken in turn. */
export interface Call {
  readonly name: string;
  /** What must be there before; not broken. */
  prepare?(client: Client, category: string): Promise<void>;
  /** All its streams are in this category, which no other case uses. */
  run(client: Client, category: string): Promise<void>;
}
