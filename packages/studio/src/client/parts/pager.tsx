import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useShortcuts } from "../state/keys.ts";
import { amend, query } from "../state/place.ts";

interface PagerProps {
  /** What the pages are of. */
  readonly of: string;
  /** Goes into the address for the next page; null on the last one. */
  readonly next: string | number | null | undefined;
  /** What the address calls it. @defaultValue "after" */
  readonly name?: string;
}

/** Leads to the page after this one, by the address, and back. */
export function Pager({ of, next, name = "after" }: PagerProps): JSX.Element | null {
  const after = query.value.get(name) ?? "";
  // Where the pages before this one ended, so that one can go back.
  const [before, setBefore] = useState<readonly string[]>([]);
  useEffect(() => {
    if (after === "") setBefore([]);
  }, [after]);
  const back = (): void => {
    if (after === "") return;
    amend({ [name]: before.at(-1) });
    setBefore(before.slice(0, -1));
  };
  const more = (): void => {
    if (next == null) return;
    setBefore([...before, after]);
    amend({ [name]: next });
  };
  const hasOthers = after !== "" || next != null;
  useShortcuts(
    hasOthers
      ? [
          { keys: "n", what: `More ${of}`, run: more },
          { keys: "p", what: `Back to the ${of} before`, run: back },
        ]
      : [],
    [before, after, next],
  );
  if (!hasOthers) return null;
  return (
    <nav class="pager" aria-label={`Pages of ${of}`}>
      <button type="button" class="button" disabled={after === ""} onClick={back}>
        Back <kbd>p</kbd>
      </button>
      <button type="button" class="button" disabled={next == null} onClick={more}>
        More <kbd>n</kbd>
      </button>
    </nav>
  );
}
