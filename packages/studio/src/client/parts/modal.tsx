import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface ModalProps {
  /** The id of the heading that names it. */
  readonly labelledBy: string;
  readonly class?: string;
  /** Called when the reader closes it, by Escape for instance. */
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A dialog that is open for as long as it is rendered; the focus then goes back to where it was. */
export function Modal({ labelledBy, class: name, onClose, children }: ModalProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const rendered = useRef(true);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => {
      // The browser tells of this closing later, when the next dialog may be open already: that must not close it.
      rendered.current = false;
      element?.close();
    };
  }, []);
  return (
    <dialog ref={dialog} class={name} aria-labelledby={labelledBy} onClose={() => rendered.current && onClose()}>
      {children}
    </dialog>
  );
}
