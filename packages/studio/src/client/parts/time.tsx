import type { JSX } from "preact";
import { now } from "../state/clock.ts";
import { times } from "../state/preferences.ts";
import { ago, moment } from "./format.ts";

/** A moment: its age, or its date and zone, as was chosen; the other one when the pointer rests on it. */
export function Time({ at }: { readonly at: number }): JSX.Element {
  const absolute = moment(at);
  const relative = ago(at, now.value);
  const isRelative = times.value === "relative";
  return (
    <time dateTime={new Date(at).toISOString()} title={isRelative ? absolute : relative}>
      {isRelative ? relative : absolute}
    </time>
  );
}
