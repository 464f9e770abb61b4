import { hash } from "node:crypto";

/** What the id of an event without one is made of. */
export interface Derivation {
  readonly tenant: string;
  readonly streamId: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
  readonly tags: string;
  /** Milliseconds since 1970; null where the line has no time. */
  readonly recordedAt: number | null;
}

/**
 * The same id for the same event at the same place, so that the same import, run again, finds what it wrote. A version 8 UUID
 * (RFC 9562): 48 bits that rise through the file, so that the index of ids grows at its end, then 74 bits of a SHA-256.
 *
 * @param place - What tells it from an equal event: its line, or a text that names the event.
 */
export function deriveId(event: Derivation, line: number, place: string = `${line}`): string {
  const { tenant, streamId, type, data, metadata, tags, recordedAt } = event;
  const digest = hash("sha256", [tenant, streamId, type, data, metadata, tags, recordedAt ?? "", place].join("\x1e"));
  return shaped(Math.max(0, recordedAt ?? line), digest);
}

/** The id of an event that a text names, whatever else it holds: that text again with other content is a duplicate. */
export function namedId(tenant: string, name: string, recordedAt: number | null): string {
  return shaped(Math.max(0, recordedAt ?? 0), hash("sha256", `${tenant}\x1e${name}`));
}

function shaped(prefix: number, digest: string): string {
  const rising = prefix.toString(16).padStart(12, "0").slice(-12);
  const variant = ((Number.parseInt(digest.slice(3, 4), 16) & 0x3) | 0x8).toString(16);
  return `${rising.slice(0, 8)}-${rising.slice(8)}-8${digest.slice(0, 3)}-${variant}${digest.slice(4, 7)}-${digest.slice(7, 19)}`;
}
