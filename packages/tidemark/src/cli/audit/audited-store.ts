import { userInfo } from "node:os";
import type { Audit } from "../../audit/audit.ts";
import type { EventStore } from "../../store/event-store.ts";
import { flagOf } from "../refusal.ts";
import { type Act, acts } from "./acts.ts";

type Call = (...given: readonly unknown[]) => Promise<unknown>;

/**
 * The same store, whose administrations write to the audit what is changed through them: before it is done, and how it ended. A change that
 * cannot be written down is not made.
 *
 * @param reason - Why, as `--reason` says it.
 */
export function auditedStore(store: EventStore, reason: string | undefined): EventStore {
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
        return act ? recorded(store.audit, { action: flagOf(method).slice(2), ...(reason !== undefined && { reason }), ...act }, make) : make();
      };
    });
  });
}

async function recorded<T>(audit: Audit, act: Act & { readonly action: string }, make: () => Promise<T>): Promise<T> {
  const { id } = await audit.record({ ...act, actor: whoRuns() });
  let result: T;
  try {
    result = await make();
  } catch (error) {
    // The error is what counts: an entry that is not settled says that the change was begun.
    await audit.settle(id, { error }).catch(() => {});
    throw error;
  }
  await audit.settle(id, result === false ? { error: "There was nothing to change." } : {});
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
