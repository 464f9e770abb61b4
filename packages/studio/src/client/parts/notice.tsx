import type { ComponentChildren, JSX } from "preact";
import type { Problem } from "../state/ask.ts";

/** Where there is nothing to see: why, and what to do about it. */
export function Empty({ title, children }: { readonly title: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** What went wrong. With something to see from before, it stands above that. */
export function Failure({ problem, again }: { readonly problem: Problem; readonly again?: () => void }): JSX.Element {
  const { title, detail, status } = problem.report;
  return (
    <div class="notice bad" role="alert">
      <div>
        <strong>{title}.</strong> {detail}
        {status === 401 && " Start the studio again, or open the address that it printed."}
      </div>
      {again && (
        <button type="button" class="button small" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Loading(): JSX.Element {
  return (
    <div class="loading" role="status">
      Loading…
    </div>
  );
}
