import { defineConfig } from "vitest/config";

/** Checks of the built package. Apart from the other tests: they need `npm run build`, and one measures time. */
export default defineConfig({
  test: {
    include: ["scripts/verify/**/*.test.ts"],
    globalSetup: ["scripts/verify/pack.ts"],
    fileParallelism: false,
    // Runtimes are fetched from the package registry at their first use.
    testTimeout: 240_000,
  },
});
