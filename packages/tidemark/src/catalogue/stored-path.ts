import { InvalidArgumentError } from "../errors/errors.ts";
import { quoteText } from "../arguments/describe-value.ts";

/** One step from a value to what is in it: a property, each item of an array, or each value of a record. */
export type PathStep = { readonly field: string } | "items" | "values";

const segment = /^([^.[\]{}]*)((?:\[\]|\{\})*)$/;

/** The steps of a `stored` path: `lines[].at`, `rates{}.since`, `[].at` where the data is an array. */
export function parseStoredPath(text: string, at: string): readonly PathStep[] {
  return text.split(".").flatMap((part, index) => {
    const [, field = "", suffixes = ""] = segment.exec(part) ?? [];
    if (field === "" && (suffixes === "" || index > 0)) {
      throw new InvalidArgumentError(at, `is no path such as "at", "lines[].at" or "rates{}.since"; got ${quoteText(text)}`);
    }
    const steps: PathStep[] = field === "" ? [] : [{ field }];
    for (let place = 0; place < suffixes.length; place += 2) steps.push(suffixes.startsWith("[]", place) ? "items" : "values");
    return steps;
  });
}
