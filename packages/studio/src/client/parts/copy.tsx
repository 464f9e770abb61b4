import type { JSX } from "preact";
import { useState } from "preact/hooks";

/** A button that copies a text, and says so. */
export function Copy({ text, label = "Copy", what }: { readonly text: string; readonly label?: string; readonly what: string }): JSX.Element {
  const [told, setTold] = useState<string>();
  const copy = async (): Promise<void> => {
    const done = await navigator.clipboard.writeText(text).then(
      () => "Copied",
      () => "Not allowed",
    );
    setTold(done);
    setTimeout(() => setTold(undefined), 1_500);
  };
  return (
    <button type="button" class="button small" aria-label={told === undefined ? `Copy ${what}` : told} onClick={() => void copy()}>
      {told ?? label}
    </button>
  );
}

/** A command or a statement to run elsewhere. */
export function Command({ text }: { readonly text: string }): JSX.Element {
  return (
    <div class="command">
      <code>{text}</code>
      <Copy text={text} what="the command" />
    </div>
  );
}
