import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { shortcuts } from "../state/keys.ts";
import { Modal } from "./modal.tsx";

export const shortcutsShown = signal(false);

/** What `?` shows. */
export function ShortcutList(): JSX.Element | null {
  if (!shortcutsShown.value) return null;
  return (
    <Modal labelledBy="shortcuts-title" onClose={() => (shortcutsShown.value = false)}>
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
    </Modal>
  );
}
