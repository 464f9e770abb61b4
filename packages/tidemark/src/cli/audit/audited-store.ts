import { userInfo } from "node:os";
import type { Audit, SettleAuditOptions } from "../../audit/audit.ts";
import { errorDetails } from "../../database/error-details.ts";
import type { EventStore } from "../../store/event-store.ts";
import { flagOf } from "../refusal.ts";
import { type Act, acts } from "./acts.ts";

type Call = (...given: readonly unknown[]) => Promise<unknown>;

interface Auditing {
  /** Why, as `--reason` says it. */
  readonly reason: string | undefined;
  /** Told that the audit could not be completed. */
  readonly warn: (text: string) => void;
}

/**
 * The same store, whose administrations write to the audit what is changed through them: before it is done, and how it ended. A change that
 * cannot be written down is not made. One that is made stays so, even if the audit cannot be completed: its entry then says that it began.
 */
export function auditedStore(store: EventStore, { reason, warn }: Auditing): EventStore {
  return forwarding(store, (name) => {
    if (!Object.hasOwn(acts, name)) return undefined;
    const administration: unknown = Reflect.get(store, name, store);
    if (typeof administration !== "object" || administration === null) return undefined;
    const described: unknown = Reflect.get(acts, name);
    return forwarding(administration, (method) => {
      const describe: unknown =
        typeof described === "object" && described !== null && Object.hasOwn(described, method) ? Reflect.get(described, method) : undefined;
      const call: unknown = Reflect.get(administration, method, administration);
      if (!isCall(call) || !isDescription(describe)) return undefined;
      return (...given: readonly unknown[]) => {
        const make = (): Promise<unknown> => call.apply(administration, [...given]);
        const act = describe(...given);
        if (!act) return make();
        return recorded({ audit: store.audit, act: { action: flagOf(method).slice(2), ...(reason !== undefined && { reason }), ...act }, warn }, make);
      };
    });
  });
}

interface Recording {
  readonly audit: Audit;
  readonly act: Act & { readonly action: string };
  readonly warn: (text: string) => void;
}

async function recorded<T>({ audit, act, warn }: Recording, make: () => Promise<T>): Promise<T> {
  const { id } = await audit.record({ ...act, actor: whoRuns() });
  const settle = (ended: string, options: SettleAuditOptions): Promise<void> =>
    audit.settle(id, options).catch((failure: unknown) => {
      warn(`The change ${ended}, but the audit could not be completed. Its entry ${id} says only that it began. ${errorDetails(failure).message}`);
    });
  let result: T;
  try {
    result = await make();
  } catch (error) {
    await settle("failed", { error });
    throw error;
  }
  if (result === false) await settle("found nothing to do", { error: "There was nothing to change." });
  else await settle("was made", {});
  return result;
}

/** In a container, the user may have no name. */
function whoRuns(): string {
  try {
    return userInfo().username || "unknown";
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

/** What `instead` does not give is the object's own. Its methods are called on it, for they reach private fields. */
function forwarding<T extends object>(object: T, instead: (name: string) => unknown): T {
  return new Proxy(object, {
    get(target, name) {
      const other = typeof name === "string" ? instead(name) : undefined;
      if (other !== undefined) return other;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function isCall(value: unknown): value is Call {
  return typeof value === "function";
}

function isDescription(value: unknown): value is (...given: readonly unknown[]) => Act | undefined {
  return typeof value === "function";
}
