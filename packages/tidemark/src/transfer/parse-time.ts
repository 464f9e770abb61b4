const pattern =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?:[T ](?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d{1,9}))?)? ?(?<zone>Z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * A time as ISO 8601 and PostgreSQL write it, in milliseconds since 1970; what is finer is cut off. A date alone is its first
 * moment in UTC. A time without a zone is one only where `utc`: otherwise it would depend on the machine.
 *
 * Throws a `RangeError` that completes "time is …".
 */
export function parseTime(text: string, utc: boolean): number {
  const plain = plainMoment(text);
  if (plain !== undefined) return plain;
  const found = pattern.exec(text.trim())?.groups;
  if (!found) throw new RangeError(`${JSON.stringify(text.slice(0, 60))}, which is not a time; write it as 2026-11-20T10:00:00Z`);
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
  if (!asWritten || part("year") === 0) throw new RangeError(`${JSON.stringify(text)}, which is not a date in the calendar`);
  if (found["hour"] !== undefined && found["zone"] === undefined && !utc)
    throw new RangeError(`${JSON.stringify(text)}, a time without a zone; add one, or pass --utc if all times are UTC`);
  return date.getTime() - offsetOf(found["zone"] ?? "Z");
}

const zero = 0x30;

/** The way that an export writes it, and most programs do, for a year from 1000 on: the pattern takes ten times as long. */
function plainMoment(text: string): number | undefined {
  if (
    text.length !== 24 ||
    text[4] !== "-" ||
    text[7] !== "-" ||
    text[10] !== "T" ||
    text[13] !== ":" ||
    text[16] !== ":" ||
    text[19] !== "." ||
    text[23] !== "Z"
  )
    return undefined;
  let wrong = false;
  const digit = (at: number): number => {
    const value = text.charCodeAt(at) - zero;
    wrong ||= value < 0 || value > 9;
    return value;
  };
  const two = (at: number): number => digit(at) * 10 + digit(at + 1);
  const year = two(0) * 100 + two(2);
  const [month, day, hour, minute, second] = [two(5), two(8), two(11), two(14), two(17)];
  const milliseconds = two(20) * 10 + digit(22);
  // The last days of a month are left to the pattern, which knows the calendar.
  if (wrong || year < 1000 || month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second, milliseconds);
}

function millisecondsOf(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, "0"));
}

function offsetOf(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
}
