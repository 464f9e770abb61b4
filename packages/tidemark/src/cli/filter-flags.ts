import { InvalidArgumentError } from "../errors/errors.ts";
import type { EventQueryItem, JsonValue } from "../model/event.ts";
import { given } from "./flags.ts";

/** Which events of the log a command means. */
export interface FilterFlags {
  readonly type?: readonly string[];
  readonly category?: readonly string[];
  readonly stream?: readonly string[];
  readonly tag?: readonly string[];
  readonly data?: Readonly<Record<string, JsonValue>>;
  readonly prefix?: string;
  readonly since?: Date;
}

/** Undefined where no flag asks for anything. */
export function queryOf({ type, category, stream, tag, data, prefix, since }: FilterFlags): EventQueryItem | undefined {
  const query: EventQueryItem = given({ types: type, categories: category, streamIds: stream, tags: tag, data, prefix, since });
  return Object.keys(query).length > 0 ? query : undefined;
}

export function refuseTenantWithAll({ tenant, allTenants }: { readonly tenant?: string; readonly allTenants?: boolean }): void {
  if (allTenants && tenant !== undefined) throw new InvalidArgumentError("--all-tenants", "and --tenant exclude each other. Leave one out.");
}
