import { type Change, defineChange } from "./change.ts";
import type { Fields } from "./fields.ts";

interface InstanceKey {
  readonly name: string;
  readonly instance: string;
}

function keyOf(fields: Fields): InstanceKey {
  return { name: fields.text("name"), instance: fields.text("instance") };
}

const subjectOf = ({ name, instance }: InstanceKey): string => `process ${name} ${instance}`;

export const retryProcess: Change = defineChange<InstanceKey>({
  action: "retry",
  role: "operator",
  read: keyOf,
  subject: subjectOf,
  plan: async (store, { name, instance }) => {
    const { status, lastError } = await store.processes.get(name, instance, { limit: 1, raw: true });
    const effects =
      status === "parked"
        ? ["The input or the command that failed is tried again, and what waits behind it goes on."]
        : ["A command that waits for its next try is tried at once. Otherwise nothing changes."];
    return {
      title: `Retry the instance ${instance} of ${name}`,
      effects,
      state: [`It is ${status}.`, ...(lastError ? [`It failed: ${lastError.message}`] : [])],
      grave: false,
    };
  },
  make: (store, { name, instance }) => store.processes.retry(name, instance),
});

export const cancelProcess: Change = defineChange<InstanceKey>({
  action: "cancel",
  role: "admin",
  read: keyOf,
  subject: subjectOf,
  plan: async (store, { name, instance }) => {
    const { status, timers, commands } = await store.processes.get(name, instance, { raw: true });
    const waiting = commands.filter((command) => command.status === "pending" || command.status === "parked").length;
    return {
      title: `End the instance ${instance} of ${name}`,
      effects: [
        "Its timers and the commands that are not issued yet are cancelled, for good.",
        "Events that come for it later are counted, and change nothing.",
      ],
      state: [`It is ${status}.`, `Timers that wait: ${timers.length}. Commands that wait: ${waiting}.`],
      grave: true,
    };
  },
  make: (store, { name, instance }) => store.processes.cancel(name, instance),
});
