import { useLayoutEffect } from "preact/hooks";
import { signal } from "@preact/signals";

/** A key, or two after each other as in `g s`, and what it does. */
export interface Shortcut {
  readonly keys: string;
  readonly what: string;
  readonly run: () => void;
}

/** All that work now, for the list that `?` shows: the newest last, which goes before. */
export const shortcuts = signal<readonly Shortcut[]>([]);

/** Has keys work for as long as the component is there: from the moment on in which it can be seen, or the first key would be lost. */
export function useShortcuts(added: readonly Shortcut[], dependencies: readonly unknown[]): void {
  useLayoutEffect(() => {
    shortcuts.value = [...shortcuts.peek(), ...added];
    return () => {
      shortcuts.value = shortcuts.peek().filter((shortcut) => !added.includes(shortcut));
    };
  }, dependencies);
}

const twoKeysMs = 1_500;
let first: { readonly key: string; readonly at: number } | undefined;

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isTyping(event.target)) {
    // The way out of a field by keyboard, so that the other keys work again.
    if (event.key === "Escape" && event.target instanceof HTMLElement) event.target.blur();
    return;
  }
  const sequence = first && event.timeStamp - first.at < twoKeysMs ? `${first.key} ${event.key}` : event.key;
  const shortcut = shortcuts.peek().findLast(({ keys }) => keys === sequence) ?? shortcuts.peek().findLast(({ keys }) => keys === event.key);
  first = shortcut ? undefined : { key: event.key, at: event.timeStamp };
  if (!shortcut) return;
  event.preventDefault();
  shortcut.run();
});

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
}

/** Moves the focus to the next row of the page's list, or to the one before. */
export function moveInRows(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const at = rows.findIndex((row) => row === document.activeElement);
  const row = rows[at === -1 ? (by === 1 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)];
  row?.focus();
  row?.scrollIntoView({ block: "nearest" });
}
