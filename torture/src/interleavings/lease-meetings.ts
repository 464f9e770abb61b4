import { storeFunction } from "../cluster/store-function.ts";
import { begin, commit } from "./append-meetings.ts";
import type { Meeting, Place } from "./meeting.ts";
import type { Step } from "./session.ts";

/** A consumer with one shard, whose lease has just run out under its owner, whose fence is 1. */
async function orphan({ schema, query }: Place, key: string): Promise<number> {
  await query(`insert into ${schema}.consumers (name) values ($1)`, [key]);
  const [row] = await query(`insert into ${schema}.consumer_shards (consumer, shard, fence) values ($1, 0, 1) returning id`, [key]);
  await query(`insert into ${schema}.consumer_leases (id, owner) values ($1, 'the last owner')`, [row?.["id"]]);
  return Number(row?.["id"]);
}

/** Handles the event at position 1 in one transaction, as an owner with this fence. */
async function handle(place: Place, key: string, id: number, fence: () => number): Promise<Step[]> {
  const [enter, move] = [await storeFunction(place.query, place.schema, "enter_shard"), await storeFunction(place.query, place.schema, "move_checkpoint")];
  return [
    begin,
    ({ query }) => query(`select ${enter}($1, $2)`, [id, fence()]),
    ({ query }) => query("insert into public.handled (consumer, fence) values ($1, $2)", [key, fence()]),
    ({ query }) => query(`select ${move}($1, $2, 0, 1, null)`, [id, fence()]),
    commit,
  ];
}

export const leaseMeetings: readonly Meeting[] = [
  {
    name: "an owner whose lease is over, and who takes its shard",
    promise: "S5",
    steps: [5, 2],
    async prepare(key, place) {
      const id = await orphan(place, key);
      const takeShard = await storeFunction(place.query, place.schema, "take_shard");
      let taken: { readonly fence: number; readonly checkpoint: number } | undefined;
      const rest = await handle(place, key, id, () => taken?.fence ?? 0);
      const take: Step = async ({ query }) => {
        const [row] = await query(`select fence, checkpoint from ${takeShard}($1, 'the next owner', 60000)`, [id]);
        if (row) taken = { fence: Number(row["fence"]), checkpoint: Number(row["checkpoint"]) };
      };
      const handleRest: Step = async (hands) => {
        if (taken?.checkpoint !== 0) return;
        for (const step of rest) await step(hands);
      };
      return {
        actors: [await handle(place, key, id, () => 1), [take, handleRest]],
        async judge(outcomes) {
          if (!taken) return "nobody took the shard";
          if (taken.fence !== 2) return `the next owner has fence ${taken.fence}`;
          if (outcomes[1]?.some((outcome) => outcome !== "ok")) return `the next owner was told ${JSON.stringify(outcomes[1])}`;
          const handled = (await place.query("select fence from public.handled where consumer = $1", [key])).map((row) => Number(row["fence"]));
          return handled.length === 1 ? undefined : `the event was handled ${handled.length} times, under fences ${handled.join(", ")}`;
        },
      };
    },
  },
];
