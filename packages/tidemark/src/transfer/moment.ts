const pattern =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?:[T ](?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d{1,9}))?)? ?(?<zone>Z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * A time as ISO 8601 and PostgreSQL write it, in milliseconds since 1970; what is finer is cut off. A date alone is its first
 * moment in UTC. A time without a zone is one only where `utc`: otherwise it would depend on the machine.
 *
 * Throws a `RangeError` that completes "time is …".
 */
export function parseMoment(text: string, utc: boolean): number {
  const plain = plainMoment(text);
  if (plain !== undefined) return plain;
  const found = pattern.exec(text.trim())?.groups;
  if (!found) throw new RangeError(`${JSON.stringify(text.slice(0, 60))}, which is no time; write it as 2026-11-20T10:00:00Z`);
  const part = (name: string): number => Number(found[name] ?? 0);
  const at = Date.UTC(2000, part("month") - 1, part("day"), part("hour"), part("minute"), part("second"), millisecondsOf(found["fraction"]));
  const date = new Date(at);
  // Date.UTC takes years below 100 for those of the 20th century.
  date.setUTCFullYear(part("year"), part("month") - 1, part("day"));
  const asWritten =
    date.getUTCFullYear() === part("year") &&
    date.getUTCMonth() === part("month") - 1 &&
    date.getUTCDate() === part("day") &&
    part("hour") < 24 &&
    part("minute") < 60 &&
    part("second") < 60;
  if (!asWritten || part("year") === 0) throw new RangeError(`${JSON.stringify(text)}, which no calendar has`);
  if (found["hour"] !== undefined && found["zone"] === undefined && !utc)
    throw new RangeError(`${JSON.stringify(text)}, a time without a zone; add one, or pass --utc where all of them are UTC`);
  return date.getTime() - offsetOf(found["zone"] ?? "Z");
}

/** The way that an export writes it, and most programs do: the pattern takes several times as long. */
function plainMoment(text: string): number | undefined {
  if (text.length !== 24 || text.startsWith("0000")) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) || new Date(at).toISOString() !== text ? undefined : at;
}

function millisecondsOf(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, "0"));
}

function offsetOf(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
}
