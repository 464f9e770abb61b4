import { isRecord } from "../../arguments/options.ts";
import { untilSignal } from "../../async/until-signal.ts";
import { MissingDependencyError } from "../../errors/opening.ts";
import type { EventStore } from "../../store/event-store.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Terminal } from "../terminal.ts";

/** By the category of streams. */
type Deciders = LoadedConfig["deciders"];

/** As much of `@tidemark/studio` as the command needs. */
type ServeStudio = (
  store: EventStore,
  options: { readonly port: number; readonly role: StudioRole; readonly schema: string; readonly deciders: Deciders },
) => Promise<{ readonly url: string; close(): Promise<void> }>;

export type StudioRole = "viewer" | "operator" | "admin";

export interface StudioOptions {
  readonly port: number;
  /** What whoever has the token may do. */
  readonly role: StudioRole;
  readonly schema: string;
  /** What shows the state of streams. */
  readonly deciders: Deciders;
  /** Is told where to look. */
  readonly tell: (url: string) => void;
}

/**
 * Shows a store in the browser until SIGTERM or Ctrl-C.
 *
 * @throws {@link MissingDependencyError} — `@tidemark/studio` is not installed.
 */
export async function serveUntilSignal(store: EventStore, { port, role, schema, deciders, tell }: StudioOptions, terminal: Terminal): Promise<void> {
  const serveStudio = await loadStudio();
  const { first, unlisten } = untilSignal(() => {});
  try {
    const served = await serveStudio(store, { port, role, schema, deciders });
    tell(served.url);
    terminal.say("Open this address in a browser of this machine. Its token is new at each start. Ctrl-C ends it.");
    await first;
    await served.close();
  } finally {
    unlisten();
  }
}

/** @throws {@link MissingDependencyError} */
export async function loadStudio(): Promise<ServeStudio> {
  // An optional peer: only who looks in the browser has it, its types included.
  const name: string = "@tidemark/studio";
  let loaded: unknown;
  try {
    loaded = await import(name);
  } catch (error) {
    throw new MissingDependencyError(name, "Looking at a store in the browser", { cause: error });
  }
  const serveStudio = isRecord(loaded) ? loaded["serveStudio"] : undefined;
  if (!isServeStudio(serveStudio)) throw new MissingDependencyError(name, "Looking at a store in the browser");
  return serveStudio;
}

function isServeStudio(value: unknown): value is ServeStudio {
  return typeof value === "function";
}
