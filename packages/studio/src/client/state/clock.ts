import { signal } from "@preact/signals";

/** The time by which ages are told. It stands still while nobody looks. */
export const now = signal(Date.now());

/** Whether the tab is seen. */
export const visible = signal(document.visibilityState === "visible");

setInterval(() => {
  if (visible.value) now.value = Date.now();
}, 1_000);

document.addEventListener("visibilitychange", () => {
  visible.value = document.visibilityState === "visible";
  if (visible.value) now.value = Date.now();
});
