import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";

/** What uPlot hangs on its function stays in the script although nothing here asks for it: other shapes of lines, joining of data, and more. */
const unused = /^\s*\(?(?:uPlot|paths)\.(?:assign|fmtNum|range\w+|orient|join|fmtDate|tzDate|addGap|clipGaps|stepped|bars|spline)\s*=.*$/gm;

const withoutUnusedPlots: Plugin = {
  name: "without-unused-plots",
  transform: {
    filter: { id: /uPlot\.esm\.js$/ },
    handler: (code) => ({ code: code.replace(unused, ""), map: null }),
  },
};

/** The browser's part: one script and one style sheet, under names that never change. They come with the package, and nothing is loaded from elsewhere. */
export default defineConfig({
  root: join(import.meta.dirname, "src/client"),
  plugins: [withoutUnusedPlots],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  logLevel: "warn",
  build: {
    outDir: join(import.meta.dirname, "dist/client"),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    rolldownOptions: {
      input: join(import.meta.dirname, "src/client/main.tsx"),
      output: { entryFileNames: "studio.js", assetFileNames: "studio[extname]", codeSplitting: false },
    },
  },
});
