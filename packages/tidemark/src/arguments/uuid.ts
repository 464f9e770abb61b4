import { randomFillSync } from "node:crypto";
import { v7 } from "uuid";
import { InvalidArgumentError } from "../errors/errors.ts";
import { describeValue } from "./describe-value.ts";

const canonical = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const wrapped = /^(?:urn:uuid:(?<urn>.{36})|\{(?<braced>.{36})\}|(?<bare>.{36}))$/i;

/** Random bytes for 256 ids: asking the system for each id's own would be four fifths of its cost. */
const pool = new Uint8Array(256 * 16);
let used = pool.length;
let lastMs = 0;
let sequence = 0;

/**
 * A new event id: a version 7 UUID. Ids of one process rise, also within a millisecond and when the clock goes back, so
 * that the index on them grows at its end.
 */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, (used += 16));
  const now = Date.now();
  // A random start for each millisecond, below 2^31, leaves room for as many ids as it could ever have.
  sequence = now > lastMs ? new DataView(random.buffer, random.byteOffset).getUint32(0) >>> 1 : sequence + 1;
  lastMs = Math.max(now, lastMs);
  return v7({ random, msecs: lastMs, seq: sequence });
}

/**
 * A UUID as lower-case text of 36 characters. Upper case, `{…}` and `urn:uuid:…` are the same UUID and become that text:
 * PostgreSQL would make them equal, and JavaScript would go on comparing them as different. Any version is fine.
 */
export function checkUuid(value: unknown, path: string): string {
  if (typeof value === "string") {
    if (canonical.test(value)) return value;
    const found = wrapped.exec(value)?.groups;
    const text = (found?.["urn"] ?? found?.["braced"] ?? found?.["bare"])?.toLowerCase();
    if (text !== undefined && canonical.test(text)) return text;
  }
  throw new InvalidArgumentError(path, `must be a UUID such as "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78", not ${describeValue(value)}`);
}

/** Whether a text is a UUID that `checkUuid` takes. */
export function isUuid(text: string): boolean {
  const found = wrapped.exec(text)?.groups;
  return canonical.test((found?.["urn"] ?? found?.["braced"] ?? found?.["bare"] ?? "").toLowerCase());
}
