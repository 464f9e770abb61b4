import type { Route } from "./call.ts";
import { event } from "./event.ts";
import { doctor, overview, stats } from "./overview.ts";
import { stream, streams } from "./streams.ts";

/** All routes below `/api`. Each reads, and changes nothing. */
export const routes: Readonly<Record<string, Route>> = {
  "/overview": overview,
  "/doctor": doctor,
  "/stats": stats,
  "/streams": streams,
  "/stream": stream,
  "/event": event,
};
