import { checkTags } from "../arguments/names.ts";
import { isRecord } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";

/** The stream of `append(events)` without a `streamId`: the first event's first tag with `-` for `:` (`course:c1` → `course-c1`). */
export function defaultStreamFor(events: readonly unknown[]): string {
  const given: unknown = events;
  if (!Array.isArray(given)) throw new InvalidArgumentError("events", `must be an array of events, not ${describeValue(given)}`);
  const first: unknown = given[0];
  const tags = isRecord(first) && first["tags"] !== undefined ? checkTags(first["tags"], "events[0].tags") : [];
  const [tag] = tags;
  if (tag === undefined) {
    throw new InvalidArgumentError(
      "options.streamId",
      `is needed here: without it the stream is named after the first event's first tag, and ${given.length === 0 ? "there is no event" : "events[0] has no tag"}`,
    );
  }
  return tag.replaceAll(":", "-");
}
