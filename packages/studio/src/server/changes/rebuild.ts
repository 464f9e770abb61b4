import { type Change, defineChange } from "./change.ts";

interface Rebuild {
  readonly name: string;
  readonly version: number;
}

/** A version of a projection, built beside the one that serves. It takes a store that was opened with its definition. */
export const rebuildProjection: Change = defineChange<Rebuild>({
  action: "rebuild",
  role: "admin",
  isLong: true,
  read: (fields) => ({ name: fields.text("name"), version: fields.number("version", 1) }),
  subject: ({ name }) => `projection ${name}`,
  plan: async (store, { name, version }) => {
    const { state, serving } = await store.projections.get(name, { version });
    return {
      title: `Build version ${version} of the projection ${name}`,
      effects: [
        "It is built from the log, in tables of its own. Readers and appends go on meanwhile.",
        "Its documents are compared with a fold made another way. Then it serves in the place of the version that does.",
        "It goes on after this question. This page shows how far it is, and the audit how it ended.",
      ],
      state: [`It is ${state}${serving ? ", and serves" : ""}.`],
      grave: false,
    };
  },
  make: async (store, { name, version }) => void (await store.projections.rebuild(name, { version })),
});
