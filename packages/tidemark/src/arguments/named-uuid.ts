import { hash } from "node:crypto";

/**
 * Returns what derives a UUID of version 5 from a name: the same one whenever and wherever it is asked. `v5` of `uuid` gives the same ones, and
 * takes five times as long, which each command would pay two or three times.
 *
 * @param namespace - A UUID. Other namespaces give other ids.
 */
export function namedUuids(namespace: string): (name: string) => string {
  const prefix = Buffer.from(namespace.replaceAll("-", ""), "hex");
  return (name) => {
    const digest = hash("sha1", Buffer.concat([prefix, Buffer.from(name)]), "hex");
    const variant = ((Number.parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16);
    return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
  };
}
