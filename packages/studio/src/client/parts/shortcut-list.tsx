import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { shortcuts } from "../state/keys.ts";

export const shortcutsShown = signal(false);

/** What `?` shows. */
export function ShortcutList(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const shown = shortcutsShown.value;
  useEffect(() => {
    if (shown) dialog.current?.showModal();
    else dialog.current?.close();
  }, [shown]);
  return (
    <dialog ref={dialog} aria-labelledby="shortcuts-title" onClose={() => (shortcutsShown.value = false)}>
      <h2 id="shortcuts-title">Keyboard</h2>
      <dl class="keys">
        {shortcuts.value.map(({ keys, what }) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" class="button" onClick={() => (shortcutsShown.value = false)}>
        Close
      </button>
    </dialog>
  );
}
