import { expect, test } from "../../packages/tidemark/test/support/test.ts";
import { runCrashPoints } from "./crash-points/run.ts";
import { stories } from "./crash-points/stories.ts";

/** A sample over all stories: some dozens of the thousands that `crash-points/main.ts` goes through. */
const sample = { every: 200, from: 7 };

test(`whichever message is the shop's last, every ${sample.every}th from ${sample.from} on, the order ends right`, async ({ databaseUrl, schema }) => {
  const { cases, lived, wrong, messages } = await runCrashPoints({ url: databaseUrl, schema, ...sample });
  expect(wrong).toEqual([]);
  expect(messages.map(([story]) => story)).toEqual(stories.map(({ name }) => name));
  expect(cases).toBeGreaterThan(20);
  // Where a message did not come again nothing was shown.
  expect(lived).toBeLessThan(cases / 2);
});
