import { effect, type Signal, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";
export type Times = "relative" | "absolute";

/** What stays in this browser. One that keeps nothing forgets it. */
function kept<T extends string>(name: string, choices: readonly [T, ...T[]]): Signal<T> {
  const stored = read(`tidemark-studio-${name}`);
  const chosen = signal(choices.find((choice) => choice === stored) ?? choices[0]);
  effect(() => write(`tidemark-studio-${name}`, chosen.value));
  return chosen;
}

export const theme: Signal<Theme> = kept("theme", ["auto", "light", "dark"]);
export const times: Signal<Times> = kept("times", ["relative", "absolute"]);

effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});

export function nextTheme(): void {
  theme.value = theme.value === "auto" ? "light" : theme.value === "light" ? "dark" : "auto";
}

export function nextTimes(): void {
  times.value = times.value === "relative" ? "absolute" : "relative";
}

function read(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Private windows may refuse.
  }
}
