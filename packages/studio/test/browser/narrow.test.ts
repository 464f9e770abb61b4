import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";

describe("a small phone", () => {
  if (executable === undefined) return tellThatNothingWasTested();

  test("shows every choice whole", async ({ visit }) => {
    const { page, go } = await visit({ width: 360 });
    await go("/processes");
    const choice = page.getByRole("group", { name: "Status" });
    await choice.waitFor();
    expect(await choice.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
  });
});
