import type { Version } from "@tidemark/servers";

/** A runtime, by the npm package that brings it. */
export interface Runtime {
  readonly name: string;
  readonly package: string;
  readonly command: readonly string[];
}

/** The oldest supported Node.js, then the newest of each line that is. */
export const runtimes: readonly Runtime[] = [
  { name: "Node.js 22.18", package: "node@22.18.0", command: ["node"] },
  { name: "Node.js 24", package: "node@24.21.0", command: ["node"] },
  { name: "Node.js 26", package: "node@26.10.0", command: ["node"] },
  { name: "Bun 1.4", package: "bun@1.4.5", command: ["bun"] },
  { name: "Deno 2.9", package: "deno@2.9.6", command: ["deno", "run", "--allow-all"] },
];

export const servers: readonly Version[] = [15, 16, 17, 18];
