import type { Client } from "../worker/client.ts";

/** Something a user of the library does. */
export interface Operation {
  readonly name: string;
  /** How often it is done, beside the others. */
  readonly weight: number;
  run(client: Client): Promise<void>;
}
