const hourMs = 3_600_000;
/** More than clocks of one zone ever change by (24 hours, over the date line), and less than the time between two changes. */
const aroundMs = 36 * hourMs;
const offsetText = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * What the clocks of a time zone show. Such a time is a number like an instant, of milliseconds since 1970 as if the clocks were UTC's, so that
 * both can be reckoned with alike.
 */
export function wallTime(timeZone: string, instant: number): number {
  return instant + offsetAt(timeZone, instant);
}

/** The first instant at which the clocks of a time zone show this. Where a change skips it: the change. */
export function firstInstant(timeZone: string, wall: number): number {
  const [before, after] = [wall - aroundMs, wall + aroundMs];
  const shown = [offsetAt(timeZone, before), offsetAt(timeZone, after)]
    .map((offset) => wall - offset)
    .filter((instant) => wallTime(timeZone, instant) === wall);
  return shown.length > 0 ? Math.min(...shown) : changeBetween(timeZone, before, after);
}

/** The instant from which on the offset is another one. There is one change between the two. */
function changeBetween(timeZone: string, before: number, after: number): number {
  const offset = offsetAt(timeZone, before);
  let [last, first] = [before, after];
  while (first - last > 1) {
    const middle = Math.floor((last + first) / 2);
    if (offsetAt(timeZone, middle) === offset) last = middle;
    else first = middle;
  }
  return first;
}

/** How much the clocks of a time zone are ahead of UTC. */
function offsetAt(timeZone: string, instant: number): number {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" });
  formats.set(timeZone, format);
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = offsetText.exec(format.format(instant)) ?? [];
  const ms = Number(hours) * hourMs + Number(minutes) * 60_000 + Number(seconds) * 1_000;
  return sign === "-" ? -ms : ms;
}
