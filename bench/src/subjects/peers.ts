import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export { importPeer } from "../../peers/import.js";

/** The installed version of a peer, which is no dependency; undefined where `npm run bench:peers` did not run. */
export function peerVersion(name: string): string | undefined {
  const file = fileURLToPath(new URL(`../../peers/node_modules/${name}/package.json`, import.meta.url));
  if (!existsSync(file)) return undefined;
  const { version }: { version: string } = JSON.parse(readFileSync(file, "utf8"));
  return version;
}
