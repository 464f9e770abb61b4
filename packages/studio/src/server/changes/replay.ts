import { type Change, defineChange } from "./change.ts";

interface Replay {
  readonly name: string;
  readonly from: number;
}

/** A part of the log, published once more. It takes a relay that this process has a worker for. */
export const replay: Change = defineChange<Replay>({
  action: "replay",
  role: "operator",
  isLong: true,
  read: (fields) => ({ name: fields.text("name"), from: fields.number("from", 1) }),
  subject: ({ name }) => `relay ${name}`,
  plan: async (store, { name, from }) => {
    await store.relays.get(name);
    return {
      title: `Publish again what the relay ${name} takes, from position ${from} on`,
      effects: [
        "This process publishes it, up to the high-water mark. The relay goes on beside it, and its checkpoint stays.",
        "Messages carry the header tidemark-replay. A newer message of a key can stand before an older one.",
        "It goes on after this question. The audit says how it ended.",
      ],
      state: [],
      grave: false,
    };
  },
  make: async (store, { name, from }) => {
    const { refused } = await store.relays.replay(name, { from });
    if (refused.length > 0) throw new Error(`${refused.length} messages were refused, the first at position ${refused[0]?.position}: ${refused[0]?.message}`);
  },
});
