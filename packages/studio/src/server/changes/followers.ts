import type { ConsumerInfo, EventStore, PauseOptions, ResetOptions } from "tidemark";
import { type Change, defineChange } from "./change.ts";
import type { Fields } from "./fields.ts";

type Kind = "consumer" | "relay";

interface FollowerKey {
  readonly kind: Kind;
  readonly name: string;
}

interface Administration {
  get(name: string): Promise<ConsumerInfo>;
  pause(name: string, options?: PauseOptions): Promise<void>;
  resume(name: string): Promise<void>;
  reset(name: string, options: ResetOptions): Promise<void>;
}

const of = (store: EventStore, kind: Kind): Administration => (kind === "consumer" ? store.consumers : store.relays);

const count = (value: number, one: string): string => `${value.toLocaleString("en")} ${value === 1 ? one : `${one}s`}`;

function keyOf(fields: Fields): FollowerKey {
  return { kind: fields.oneOf("kind", ["consumer", "relay"]), name: fields.text("name") };
}

const subjectOf = ({ kind, name }: FollowerKey): string => `${kind} ${name}`;

export const pause: Change = defineChange<FollowerKey & { readonly reason?: string }>({
  action: "pause",
  role: "operator",
  read: (fields) => {
    const reason = fields.optionalText("reason");
    return { ...keyOf(fields), ...(reason !== undefined && { reason }) };
  },
  subject: subjectOf,
  plan: async (store, { kind, name, reason }) => {
    const { paused } = await of(store, kind).get(name);
    const effects =
      kind === "consumer"
        ? ["Its workers finish the event in hand and wait, also after a restart, until it is resumed."]
        : ["Messages that were sent are still acknowledged, and no other is sent until it is resumed."];
    if (paused) effects.push("It is paused already: the reason is replaced.");
    if (reason !== undefined) effects.push(`The reason will be shown: ${reason}`);
    return { title: `Pause the ${kind} ${name}`, effects, state: [], grave: false };
  },
  make: (store, { kind, name, reason }, actor) =>
    of(store, kind).pause(name, { ...(reason !== undefined && { reason }), ...(actor.name !== undefined && { by: actor.name }) }),
});

export const resume: Change = defineChange<FollowerKey>({
  action: "resume",
  role: "operator",
  read: keyOf,
  subject: subjectOf,
  plan: async (store, { kind, name }) => {
    const { lag, shards } = await of(store, kind).get(name);
    const failed = shards.filter(({ state }) => state === "failed").length;
    const state = [`It is ${count(lag.events, "position")} behind the mark.`];
    if (failed > 0) state.push(`${count(failed, "shard")} stopped at an event.`);
    return { title: `Resume the ${kind} ${name}`, effects: ["It goes on where it is. What stopped at an event tries it again."], state, grave: false };
  },
  make: (store, { kind, name }) => of(store, kind).resume(name),
});

export const reset: Change = defineChange<FollowerKey & ResetOptions>({
  action: "reset",
  role: "admin",
  read: (fields) => ({ ...keyOf(fields), after: fields.optionalText("to") === "end" ? "end" : fields.number("after") }),
  subject: subjectOf,
  plan: async (store, { kind, name, after }) => {
    const { shards, deadLetters } = await of(store, kind).get(name);
    const positions = shards.map(({ position }) => position);
    const [lowest, highest] = [Math.min(...positions), Math.max(...positions)];
    const done = kind === "consumer" ? "handled" : "published";
    const effects = ["Work in flight is rolled back."];
    if (after !== "end" && after < highest) effects.push(`Events after that place are ${done} again.`);
    if (after === "end" || after > lowest) effects.push(`Events between are never ${done}.`);
    if (after !== "end") effects.push("Its dead letters after that place are removed.");
    const to = after === "end" ? "the end of the log" : `position ${after}`;
    const now = lowest === highest ? `${lowest}` : `${lowest} to ${highest}`;
    const state = [`It is at position ${now}.`, `It has ${count(deadLetters, "dead letter")}.`];
    return { title: `Move the ${kind} ${name} to ${to}`, effects, state, grave: true };
  },
  make: (store, { kind, name, after }) => of(store, kind).reset(name, { after }),
});
