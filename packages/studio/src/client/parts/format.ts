const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const day = new Intl.DateTimeFormat("en", { dateStyle: "medium" });

export function count(value: number): string {
  return whole.format(value);
}

export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `"about 1,000"` */
export function estimate({ count: value, estimated }: { readonly count: number; readonly estimated: boolean }): string {
  return `${estimated ? "≈ " : ""}${count(value)}`;
}

export function rate(perSecond: number): string {
  return perSecond >= 100 ? whole.format(perSecond) : short.format(Math.round(perSecond * 100) / 100);
}

const steps: readonly (readonly [number, string])[] = [
  [1_000, "ms"],
  [60, "s"],
  [60, "min"],
  [24, "h"],
  [Number.POSITIVE_INFINITY, "d"],
];

/** `"340 ms"`, `"12 s"`, `"3 min"`, `"5 h"`, `"12 d"` */
export function duration(ms: number): string {
  let value = Math.max(0, ms);
  for (const [size, unit] of steps) {
    if (value < size) return `${unit === "ms" || value >= 10 ? Math.floor(value) : Math.floor(value * 10) / 10} ${unit}`;
    value /= size;
  }
  return "";
}

const byteUnits = ["B", "kB", "MB", "GB", "TB", "PB"];

export function bytes(value: number): string {
  const step = value < 1 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log10(value) / 3));
  return `${short.format(value / 1_000 ** step)} ${byteUnits[step] ?? ""}`;
}

/** With milliseconds and the zone: `"2026-11-29 18:03:12.480 +01:00"`. */
export function moment(ms: number): string {
  const date = new Date(ms);
  const offset = -date.getTimezoneOffset();
  const local = new Date(ms + offset * 60_000).toISOString().replace("T", " ").slice(0, 23);
  const two = (value: number): string => String(Math.trunc(Math.abs(value))).padStart(2, "0");
  return `${local} ${offset === 0 ? "UTC" : `${offset < 0 ? "−" : "+"}${two(offset / 60)}:${two(offset % 60)}`}`;
}

const time = new Intl.DateTimeFormat("en", { timeStyle: "medium", hourCycle: "h23" });

/** `"18:03:12"` */
export function clock(ms: number): string {
  return time.format(ms);
}

/** `"just now"`, `"12 s ago"`, `"in 5 h"`, and after a month the day. */
export function ago(ms: number, now: number): string {
  const age = now - ms;
  if (Math.abs(age) < 1_000) return "just now";
  if (age < 0) return `in ${duration(-age)}`;
  return age < 30 * 86_400_000 ? `${duration(age)} ago` : day.format(ms);
}
