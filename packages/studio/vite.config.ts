import { join } from "node:path";
import { defineConfig } from "vite";

/** The browser's part: one script and one style sheet, under names that never change. They come with the package, and nothing is loaded from elsewhere. */
export default defineConfig({
  root: join(import.meta.dirname, "src/client"),
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  logLevel: "warn",
  build: {
    outDir: join(import.meta.dirname, "dist/client"),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    // The script contains others' code, whose licences ask to be passed on with it.
    license: { fileName: "licenses.md" },
    rolldownOptions: {
      input: join(import.meta.dirname, "src/client/main.tsx"),
      output: { entryFileNames: "studio.js", assetFileNames: "studio[extname]", codeSplitting: false },
    },
  },
});
