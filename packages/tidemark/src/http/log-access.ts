import { checkTenant } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { RequestRefusedError } from "../errors/http.ts";
import type { EventQuery, EventQueryItem } from "../model/event.ts";
import { checkQuery } from "../read/filter.ts";

/**
 * What a request asks to read: a stream, or the log.
 *
 * @example
 * ```ts
 * const whole = ({ streamId }: LogTarget): boolean => streamId === undefined;
 * ```
 */
export interface LogTarget {
  /** Undefined: the log. */
  readonly streamId: string | undefined;
}

/**
 * What a request may read.
 *
 * @example
 * ```ts
 * const access: LogAccess = { tenant: "acme", filter: { categories: ["cart"] } };
 * ```
 */
export interface LogAccess {
  /** The tenant whose events it reads. @defaultValue that of the store given to `serveLog` */
  readonly tenant?: string;
  /** Only events that match, of a stream too. @defaultValue all events */
  readonly filter?: EventQuery;
}

const shape = {
  tenant: checkTenant,
  // Live readers share what was read for the first of them: a later change of the application's object must not reach the others.
  filter: checkQuery,
};

/** Checks what the application's callback returned: an option with a typing error would open more than was meant. */
export function checkAccess(value: unknown): LogAccess {
  if (value === undefined || value === null || value === false) throw new RequestRefusedError(403, "This is not yours to read.");
  try {
    return checkOptions(value, shape, "access");
  } catch (error) {
    // The application's mistake, which is nothing to the client.
    throw new Error("What authorize returned is no access.", { cause: error });
  }
}

/** Narrows a filter to one stream. Undefined: nothing of that stream matches. */
export function withinStream(filter: EventQuery | undefined, streamId: string): EventQuery | undefined {
  const items: readonly EventQueryItem[] = filter === undefined ? [{}] : "length" in filter ? filter : [filter];
  const narrowed = items.filter((item) => item.streamIds?.includes(streamId) ?? true).map((item) => ({ ...item, streamIds: [streamId] }));
  // An empty list of alternatives would match everything.
  return narrowed.length > 0 ? narrowed : undefined;
}
