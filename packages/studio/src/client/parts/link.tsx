import type { ComponentChildren, JSX } from "preact";
import { go } from "../state/place.ts";

interface LinkProps {
  readonly href: string;
  readonly children: ComponentChildren;
  readonly class?: string;
  readonly label?: string;
  readonly current?: boolean;
  /** A row of the page's list, among which `j` and `k` move. */
  readonly row?: boolean;
}

/** A link within the studio: a plain click stays in the page, every other does what the browser does. */
export function Link({ href, children, class: name, label, current, row }: LinkProps): JSX.Element {
  return (
    <a
      href={href}
      class={name}
      aria-label={label}
      aria-current={current ? "page" : undefined}
      data-row={row ? "" : undefined}
      onClick={(event) => {
        if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        go(href);
      }}
    >
      {children}
    </a>
  );
}
