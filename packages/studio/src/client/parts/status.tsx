import type { ComponentChildren, JSX } from "preact";

export type Tone = "ok" | "warn" | "bad" | "calm";

const tones: Readonly<Record<string, Tone>> = {
  ok: "ok",
  live: "ok",
  running: "ok",
  completed: "ok",
  done: "ok",
  "catching-up": "calm",
  starting: "calm",
  info: "calm",
  degraded: "warn",
  warning: "warn",
  paused: "warn",
  stopped: "warn",
  refused: "warn",
  retrying: "warn",
  failing: "bad",
  failed: "bad",
  parked: "bad",
  error: "bad",
};

export function toneOf(state: string): Tone {
  return Object.hasOwn(tones, state) ? (tones[state] ?? "calm") : "calm";
}

/** A state by its word and its colour: never by the colour alone. */
export function Status({ state, children }: { readonly state: string; readonly children?: ComponentChildren }): JSX.Element {
  return <span class={`status ${toneOf(state)}`}>{children ?? state}</span>;
}
