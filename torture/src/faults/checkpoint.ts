import { administer, type Fault } from "./fault.ts";

/** After a checkpoint the sequence logs its values anew, which is when reading it carelessly shows values ahead of the truth. */
export const checkpoint: Fault = {
  name: "checkpoints and vacuum",
  strike: ({ url }) =>
    administer(url, async (client) => {
      for (let round = 5; round > 0; round--) await client.query("checkpoint");
      await client.query("vacuum analyze");
    }),
};
