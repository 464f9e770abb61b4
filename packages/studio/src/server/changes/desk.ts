import type { EventStore, SettleAuditOptions } from "tidemark";
import { type ChangeDone, type ChangePlan, isEnough } from "../../wire/changes.ts";
import { changes } from "./change-table.ts";
import type { Actor, Change, PreparedChange } from "./change.ts";
import { Fields, InvalidFieldError } from "./fields.ts";
import { ChangeRefusedError } from "./refused.ts";

/** Somebody asks for a change, by JSON that nothing is known of. */
export interface Asked {
  readonly body: unknown;
  readonly actor: Actor;
  readonly signal: AbortSignal;
}

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

const unsettled = "The change was made, but the audit could not be completed: its entry says only that the change began. The log of the server says why.";

/** Where changes are asked for: first what one would do, then, confirmed, that it is done. */
export class ChangeDesk {
  readonly #store: EventStore;

  constructor(store: EventStore) {
    this.#store = store;
  }

  async answer(change: Change, { body, actor, signal }: Asked): Promise<ChangePlan | ChangeDone> {
    if (!isEnough(actor.role, change.role)) throw new ChangeRefusedError("role-refused", `This change needs the role ${change.role}; yours is ${actor.role}.`);
    const { parameters: given, id, confirm } = requestOf(body);
    const prepared = change.prepare(new Fields(given));
    const plan = await prepared.plan(this.#store);
    if (confirm === undefined) return plan;
    if (id === undefined || !uuid.test(id)) throw new InvalidFieldError("A change that is confirmed needs an id, a UUID.");
    if (confirm !== plan.confirm) throw new ChangeRefusedError("plan-changed", "What the change would do is not what was confirmed any more. Look again.");
    const entry = await this.#begin(id, prepared, actor);
    const made = this.#made(entry, () => prepared.make(this.#store, actor, signal));
    // Whoever asked does not wait for its end, and reads of it in the audit.
    if (!change.isLong) return { title: plan.title, warning: (await made) ? null : unsettled };
    made.catch(() => {});
    return { title: plan.title, warning: null };
  }

  /** Before it is made: a change that cannot be written down is not made. Returns the entry's id. */
  async #begin(id: string, { action, subject, parameters, reason }: PreparedChange, { role, name }: Actor): Promise<string> {
    const given = { ...(name !== undefined && { actor: name }), ...(reason !== undefined && { reason }) };
    const entry = await this.#store.audit.record({ id, action, subject, parameters, role, ...given });
    if (entry.repeated) throw new ChangeRefusedError("already-requested", "This change was requested before. The audit says how it ended.");
    return entry.id;
  }

  /** Returns whether the audit has its end, too. */
  async #made(entry: string, make: () => Promise<void>): Promise<boolean> {
    try {
      await make();
    } catch (error) {
      await this.#settle(entry, { error });
      throw error;
    }
    return this.#settle(entry);
  }

  /** What was done is done, whether its end can be written down or not: the audit then says that it began. */
  #settle(entry: string, options?: SettleAuditOptions): Promise<boolean> {
    return this.#store.audit.settle(entry, options).then(
      () => true,
      (failure: unknown) => {
        console.error(`Tidemark Studio could not write to the audit how the change ${entry} ended.`, failure);
        return false;
      },
    );
  }
}

/** The names of the changes that a role may make. */
export function changesOf(role: Actor["role"]): readonly string[] {
  return Object.entries(changes).flatMap(([name, change]) => (isEnough(role, change.role) ? [name] : []));
}

function requestOf(body: unknown): { readonly parameters: unknown; readonly id: string | undefined; readonly confirm: string | undefined } {
  if (typeof body !== "object" || body === null) throw new InvalidFieldError("The body must be a JSON object.");
  const fields = new Fields(body);
  return { parameters: Reflect.get(body, "parameters") ?? {}, id: fields.optionalText("id"), confirm: fields.optionalText("confirm") };
}
