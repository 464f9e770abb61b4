import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";

/**
 * uPlot hangs helpers and four kinds of plots on itself, for pages that load it by a script tag. The studio draws lines alone, and what nothing refers to
 * is left out of the bundle.
 */
const linesAlone: Plugin = {
  name: "uplot-lines-alone",
  transform: {
    filter: { id: /uPlot\.esm\.js$/ },
    handler(code) {
      const at = code.indexOf("\nuPlot.assign = ");
      if (at === -1) throw new Error("uPlot is another one than this build knows: look at the end of its module, and at vite.config.ts of the studio.");
      return { code: `${code.slice(0, at)}\nexport { uPlot as default };\n`, map: null };
    },
  },
};

/** The browser's part: one script and one style sheet, under names that never change. They come with the package, and nothing is loaded from elsewhere. */
export default defineConfig({
  root: join(import.meta.dirname, "src/client"),
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  logLevel: "warn",
  plugins: [linesAlone],
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
