import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { amend, query } from "../state/place.ts";

interface PagerProps {
  /** What the pages are of. */
  readonly of: string;
  /** Goes into `after` for the next page; null on the last one. */
  readonly next: string | number | null | undefined;
}

/** Leads to the page after this one, by `after` in the address, and back. */
export function Pager({ of, next }: PagerProps): JSX.Element | null {
  const after = query.value.get("after") ?? "";
  // Where the pages before this one ended, so that one can go back.
  const [before, setBefore] = useState<readonly string[]>([]);
  useEffect(() => {
    if (after === "") setBefore([]);
  }, [after]);
  if (after === "" && next == null) return null;
  return (
    <nav class="pager" aria-label={`Pages of ${of}`}>
      <button
        type="button"
        class="button"
        disabled={after === ""}
        onClick={() => {
          amend({ after: before.at(-1) });
          setBefore(before.slice(0, -1));
        }}
      >
        Back
      </button>
      <button
        type="button"
        class="button"
        disabled={next == null}
        onClick={() => {
          setBefore([...before, after]);
          amend({ after: next ?? undefined });
        }}
      >
        More
      </button>
    </nav>
  );
}
