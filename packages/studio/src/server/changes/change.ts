import { createHash } from "node:crypto";
import type { EventStore } from "tidemark";
import type { ChangePlan, Role } from "../../wire/changes.ts";
import type { Fields } from "./fields.ts";

/** Who makes a change. */
export interface Actor {
  readonly role: Role;
  readonly name?: string;
}

/** One kind of change: what it needs, what it will do by what the store holds now, and doing it. */
export interface ChangeDefinition<P extends object> {
  /** As the audit names it: the same word as the command's, so that whoever looks for one finds both. */
  readonly action: string;
  /** The least that may make it. */
  readonly role: Role;
  /** Without `reason`, which every change may have, for the audit. @throws {@link InvalidFieldError} — what the browser sent is none of its parameters. */
  readonly read: (fields: Fields) => P;
  /** What it is done to, as the audit names it: `"consumer mailer"`. */
  readonly subject: (parameters: P) => string;
  /** @throws `NotFoundError` — what is to be changed is not there. */
  readonly plan: (store: EventStore, parameters: P) => Promise<Omit<ChangePlan, "confirm">>;
  readonly make: (store: EventStore, parameters: P, actor: Actor, signal: AbortSignal) => Promise<void>;
  /** Whether it goes on after the answer, for as long as it takes: the audit says how it ended. @defaultValue false */
  readonly isLong?: boolean;
}

/** A change whose parameters were read. */
export interface PreparedChange {
  readonly action: string;
  readonly parameters: object;
  readonly subject: string;
  /** Why, where somebody said it. */
  readonly reason: string | undefined;
  readonly plan: (store: EventStore) => Promise<ChangePlan>;
  readonly make: (store: EventStore, actor: Actor, signal: AbortSignal) => Promise<void>;
}

export interface Change {
  readonly role: Role;
  readonly isLong: boolean;
  readonly prepare: (fields: Fields) => PreparedChange;
}

/** Makes changes with different parameters members of one table. */
export function defineChange<P extends object>({ action, role, isLong = false, read, subject, plan, make }: ChangeDefinition<P>): Change {
  return {
    role,
    isLong,
    prepare: (fields) => {
      const parameters = read(fields);
      return {
        action,
        parameters,
        subject: subject(parameters),
        reason: fields.optionalText("reason"),
        plan: async (store) => {
          const planned = await plan(store, parameters);
          const { state: _moving, ...confirmed } = planned;
          return { ...planned, confirm: digest(JSON.stringify([parameters, confirmed])) };
        },
        make: (store, actor, signal) => make(store, parameters, actor, signal),
      };
    },
  };
}

/** The same for the same plan: whoever confirms says what was read. */
function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}
