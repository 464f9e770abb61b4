import { type Change, defineChange } from "./change.ts";
import { InvalidFieldError } from "./fields.ts";

interface Replay {
  readonly name: string;
  readonly from: number;
  /** The last position. Without it, the high-water mark when it begins. */
  readonly until?: number;
}

/** A part of the log, published once more. It takes a relay that this process has a worker for. */
export const replay: Change = defineChange<Replay>({
  action: "replay",
  role: "operator",
  isLong: true,
  read: (fields) => {
    const [from, until] = [fields.number("from", 1), fields.optionalNumber("until", 1)];
    if (until !== undefined && until < from) throw new InvalidFieldError("The parameter until must not be less than from.");
    return { name: fields.text("name"), from, ...(until !== undefined && { until }) };
  },
  subject: ({ name }) => `relay ${name}`,
  plan: async (store, { name, from, until }) => {
    await store.relays.get(name);
    return {
      title: `Publish again what the relay ${name} takes, from position ${from} ${until === undefined ? "on" : `to ${until}`}`,
      effects: [
        `This process publishes it, up to ${until === undefined ? "the high-water mark" : `position ${until}`}. The relay goes on beside it, and its checkpoint stays.`,
        "Messages carry the header tidemark-replay. A newer message of a key can stand before an older one.",
        "It goes on after this question. The audit says how it ended.",
      ],
      state: [],
      grave: false,
    };
  },
  make: async (store, { name, from, until }) => {
    const { refused } = await store.relays.replay(name, { from, ...(until !== undefined && { until }) });
    if (refused.length > 0) throw new Error(`${refused.length} messages were refused, the first at position ${refused[0]?.position}: ${refused[0]?.message}`);
  },
});
