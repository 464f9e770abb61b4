import type { EventStore, ProjectionInfo } from "tidemark";
import { type Change, defineChange } from "./change.ts";
import type { Fields } from "./fields.ts";
import { ChangeRefusedError } from "./refused.ts";

interface VersionKey {
  readonly name: string;
  readonly version: number;
}

function keyOf(fields: Fields): VersionKey {
  return { name: fields.text("name"), version: fields.number("version", 1) };
}

const subjectOf = ({ name }: { readonly name: string }): string => `projection ${name}`;

/** It waits until the version has the last events, and for locks. */
const goesOn = "It goes on after this question, until no event is missing. The audit says how it ended.";

const named = ({ name, version }: VersionKey): string => `version ${version} of the projection ${name}`;

function stateOf({ state, serving, lag }: ProjectionInfo): readonly string[] {
  return [`It is ${state}${serving ? ", and serves" : ""}.`, `It is ${lag.events} positions behind the mark.`];
}

export const pauseProjection: Change = defineChange<VersionKey>({
  action: "pause",
  role: "operator",
  read: keyOf,
  subject: subjectOf,
  plan: async (store, key) => ({
    title: `Pause ${named(key)}`,
    effects: ["Nothing writes its documents until it is resumed: who reads them reads what there is.", "Appends go on."],
    state: stateOf(await store.projections.get(key.name, { version: key.version })),
    grave: false,
  }),
  make: (store, { name, version }) => store.projections.pause(name, { version }),
});

export const resumeProjection: Change = defineChange<VersionKey>({
  action: "resume",
  role: "operator",
  read: keyOf,
  subject: subjectOf,
  plan: async (store, key) => ({
    title: `Resume ${named(key)}`,
    effects: ["It is brought up to date. If it stopped at an event, it tries that one again."],
    state: stateOf(await store.projections.get(key.name, { version: key.version })),
    grave: false,
  }),
  make: (store, { name, version }) => store.projections.resume(name, { version }),
});

export const swapProjection: Change = defineChange<VersionKey>({
  action: "swap",
  role: "admin",
  isLong: true,
  read: keyOf,
  subject: subjectOf,
  plan: async (store, key) => {
    const serving = await servingOf(store, key.name);
    if (serving.version === key.version) throw new ChangeRefusedError("serves-already", `${named(key)} serves already.`);
    return {
      title: `Have ${named(key)} serve`,
      effects: [
        `Readers get its documents in the place of those of version ${serving.version}, at once.`,
        "The version that served stays, and can serve again.",
        goesOn,
      ],
      state: stateOf(await store.projections.get(key.name, { version: key.version })),
      grave: false,
    };
  },
  make: async (store, { name, version }) => void (await store.projections.swap(name, { version })),
});

export const rollBackProjection: Change = defineChange<{ readonly name: string }>({
  action: "roll-back",
  role: "admin",
  isLong: true,
  read: (fields) => ({ name: fields.text("name") }),
  subject: subjectOf,
  plan: async (store, { name }) => {
    const serving = await servingOf(store, name);
    const before = (await store.projections.list())
      .filter((info) => info.name === name && !info.serving && info.servedUntil !== undefined)
      .toSorted((a, b) => Number(b.servedUntil) - Number(a.servedUntil))[0];
    if (!before) throw new ChangeRefusedError("nothing-before", `No other version of the projection ${name} has served before.`);
    return {
      title: `Roll the projection ${name} back to version ${before.version}`,
      effects: [
        `Readers get its documents in the place of those of version ${serving.version}, at once.`,
        `Version ${serving.version} does not come to serve by itself any more.`,
        goesOn,
      ],
      state: stateOf(before),
      grave: false,
    };
  },
  make: async (store, { name }) => void (await store.projections.rollBack(name)),
});

async function servingOf(store: EventStore, name: string): Promise<ProjectionInfo> {
  await store.projections.get(name);
  const serving = (await store.projections.list()).find((info) => info.name === name && info.serving);
  if (!serving) throw new ChangeRefusedError("nothing-serves", `No version of the projection ${name} serves.`);
  return serving;
}
