import type { Command } from "commander";
import { checkTenant } from "../arguments/names.ts";
import type { StoreOptions } from "../arguments/store-options.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { NotFoundError } from "../errors/following.ts";
import type { EventStore } from "../store/event-store.ts";
import { openEventStore } from "../store/open-event-store.ts";
import { auditedStore } from "./audit/audited-store.ts";
import { addConnectionFlags, type ConnectionFlags, existingUrlOf, loggerOf } from "./connection.ts";
import { inFlags } from "./refusal.ts";
import type { Terminal } from "./terminal.ts";

/** The options that every command with a store has. */
export interface StoreFlags extends ConnectionFlags {
  readonly tenant?: string;
  /** Why, of a command that changes something: for the audit. */
  readonly reason?: string;
}

/** @param json - what `--json` prints. */
export function addStoreFlags(command: Command, json?: string): Command {
  return addConnectionFlags(command, json).option("--tenant <tenant>", "the tenant whose streams and events are meant; default: the store itself");
}

/**
 * Opens the store for the time of `work`. Its schema must be there: a command that was given a wrong address or name tells so,
 * and leaves no schema behind. What `work` changes in the running of the store is written to the audit.
 *
 * @param options - What differs from the library's defaults. `audited`: false for commands that serve others, who write to the audit themselves.
 */
export async function withStore<T>(
  flags: StoreFlags,
  terminal: Terminal,
  work: (store: EventStore) => Promise<T>,
  { audited = true, ...options }: Pick<StoreOptions, "migrate" | "pool" | "projections" | "events" | "unknownEvents"> & { readonly audited?: boolean } = {},
): Promise<T> {
  const tenant = checkTenant(flags.tenant ?? "", "--tenant");
  try {
    await using store = await openEventStore(existingUrlOf(flags), {
      schema: flags.schema,
      migrate: "verify",
      logger: loggerOf(terminal),
      ...options,
    });
    const warn = (text: string): void => terminal.say(`tidemark: ${text}`);
    const own = tenant === "" ? store : store.forTenant(tenant);
    return await work(audited ? auditedStore(own, { reason: flags.reason, warn }) : own);
  } catch (error) {
    throw inSchema(inFlags(error), flags.schema);
  }
}

/** What is not there may be in another schema, which was named elsewhere, or not at all. */
function inSchema(error: unknown, schema: string): unknown {
  if (!isTidemarkError(error, "NOT_FOUND")) return error;
  const { kind, key, message } = error;
  const hint = message.slice(new NotFoundError(kind, key, "").message.length);
  return new NotFoundError(kind, key, `${hint} The schema searched was ${JSON.stringify(schema)}; choose another with --schema.`);
}
