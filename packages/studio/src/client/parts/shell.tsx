import type { ComponentChildren, JSX } from "preact";
import { moveInRows, useShortcuts } from "../state/keys.ts";
import { go, hrefOf, tenant } from "../state/place.ts";
import { nextTheme, nextTimes, theme, times } from "../state/preferences.ts";
import { ChangeDialog } from "./change-dialog.tsx";
import { Link } from "./link.tsx";
import { ShortcutList, shortcutsShown } from "./shortcut-list.tsx";

/** A page that the navigation leads to. */
export interface Place {
  readonly path: string;
  readonly title: string;
  /** Leads there after `g`. */
  readonly key: string;
}

interface ShellProps {
  readonly places: readonly Place[];
  /** The path of the place that the page belongs to. */
  readonly current: string;
  readonly children: ComponentChildren;
}

/** What stands around every page. */
export function Shell({ places, current, children }: ShellProps): JSX.Element {
  useShortcuts(
    [
      { keys: "?", what: "This list", run: () => (shortcutsShown.value = !shortcutsShown.value) },
      ...places.map(({ path, title, key }) => ({ keys: `g ${key}`, what: `Go to ${title.toLowerCase()}`, run: () => go(hrefOf(path)) })),
      { keys: "/", what: "Search", run: focusSearch },
      { keys: "j", what: "Next row", run: () => moveInRows(1) },
      { keys: "k", what: "Row before", run: () => moveInRows(-1) },
      { keys: "t", what: "Times as age or date", run: nextTimes },
      { keys: "d", what: "Dark, light or as the system", run: nextTheme },
    ],
    [],
  );
  return (
    <div class="shell">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="side">
        <Link href={hrefOf("/")} class="brand" label="Tidemark Studio, overview">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="7" />
            <path d="M6 20c3.3 0 3.3-3 6.7-3s3.3 3 6.6 3 3.4-3 6.7-3M6 13c3.3 0 3.3-3 6.7-3s3.3 3 6.6 3 3.4-3 6.7-3" />
          </svg>
          <span>Tidemark</span>
        </Link>
        {tenant.value !== "" && (
          <p class="tenant">
            Tenant <strong class="name">{tenant.value}</strong> <Link href={hrefOf("/tenants", { tenant: "" })}>Leave</Link>
          </p>
        )}
        <nav aria-label="Pages">
          {places.map(({ path, title }) => (
            <Link key={path} href={hrefOf(path)} current={path === current}>
              {title}
            </Link>
          ))}
        </nav>
        <div class="settings">
          <button type="button" class="quiet" onClick={nextTimes} title="Times as age or date (t)">
            Times: {times.value}
          </button>
          <button type="button" class="quiet" onClick={nextTheme} title="Dark, light or as the system (d)">
            Theme: {theme.value}
          </button>
          <button type="button" class="quiet" onClick={() => (shortcutsShown.value = true)}>
            Keyboard <kbd>?</kbd>
          </button>
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <ShortcutList />
      <ChangeDialog />
    </div>
  );
}

/** The field of this page; where there is none, that of the streams. */
function focusSearch(): void {
  const field = document.querySelector<HTMLInputElement>("[data-search]");
  if (field) field.select();
  else go(hrefOf("/streams"));
}
