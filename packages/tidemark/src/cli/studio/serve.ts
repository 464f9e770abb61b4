import { untilSignal } from "../../async/until-signal.ts";
import type { EventStore } from "../../store/event-store.ts";
import type { Showing } from "../config/load.ts";
import type { Terminal } from "../terminal.ts";
import { loadOfStudio } from "./load.ts";

/** As much of `@tidemark/studio` as the command needs. */
type ServeStudio = (
  store: EventStore,
  options: Showing & { readonly port: number; readonly role: StudioRole; readonly schema: string; readonly tenants: "own" | "all" },
) => Promise<{ readonly url: string; close(): Promise<void> }>;

export type StudioRole = "viewer" | "operator" | "admin";

export interface StudioOptions {
  readonly port: number;
  /** What whoever has the token may do. */
  readonly role: StudioRole;
  readonly schema: string;
  /** Whether it shows every tenant: of the store itself alone. */
  readonly tenants: "own" | "all";
  readonly showing: Showing;
  /** Is told where to look. */
  readonly tell: (url: string) => void;
}

/**
 * Shows a store in the browser until SIGTERM or Ctrl-C.
 *
 * @throws {@link MissingDependencyError} — `@tidemark/studio` is not installed.
 */
export async function serveUntilSignal(store: EventStore, { port, role, schema, tenants, showing, tell }: StudioOptions, terminal: Terminal): Promise<void> {
  const serveStudio = await loadStudio();
  const { first, unlisten } = untilSignal(() => {});
  try {
    const served = await serveStudio(store, { port, role, schema, tenants, ...showing });
    tell(served.url);
    terminal.say("Open this address in a browser of this machine. Its token is new at each start. Ctrl-C ends it.");
    await first;
    await served.close();
  } finally {
    unlisten();
  }
}

/** @throws {@link MissingDependencyError} */
export function loadStudio(): Promise<ServeStudio> {
  return loadOfStudio("@tidemark/studio", "serveStudio", isServeStudio, "Looking at a store in the browser");
}

function isServeStudio(value: unknown): value is ServeStudio {
  return typeof value === "function";
}
