import { expect, test } from "../../packages/tidemark/test/support/test.ts";
import { runCrashPoints } from "./crash-points/run.ts";
import { stories } from "./crash-points/stories.ts";

/** A sample over all stories: some dozens of the thousands that `crash-points/main.ts` goes through. */
const share = { index: 8, of: 200 };

test(`whichever message is the shop's last, of one share of ${share.of}, the order ends right`, async ({ databaseUrl, schema }) => {
  const { cases, lived, wrong, messages } = await runCrashPoints({ url: databaseUrl, schema, share });
  expect(wrong).toEqual([]);
  expect(messages.map(([story]) => story)).toEqual(stories.map(({ name }) => name));
  expect(cases).toBeGreaterThan(20);
  // Where a message did not come again nothing was shown.
  expect(lived).toBeLessThan(cases / 2);
});
