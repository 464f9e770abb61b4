import type { Reading, Route } from "./call.ts";
import { audit } from "./audit.ts";
import { catalogue, catalogueCheck } from "./catalogue.ts";
import { deadLetter, deadLetters } from "./dead-letters.ts";
import { document, documents } from "./documents.ts";
import { event } from "./event.ts";
import { followers } from "./followers.ts";
import { doctor, overview, stats } from "./overview.ts";
import { processes, processInstance } from "./processes.ts";
import { projectionCheck, projections } from "./projections.ts";
import { session } from "./session.ts";
import { state } from "./state.ts";
import { stream, streams } from "./streams.ts";
import { tail } from "./tail.ts";
import { tenants } from "./tenants.ts";
import { timers } from "./timers.ts";

/** In turn, for everybody who may look. */
function usual(read: Reading): Route {
  return { read, role: "viewer", inTurn: true, isShared: false };
}

/** The same for all who ask at a time. */
function shared(read: Reading): Route {
  return { ...usual(read), isShared: true };
}

/** All routes below `/api`. Each reads, and changes nothing. */
export const routes: Readonly<Record<string, Route>> = {
  "/overview": shared(overview),
  "/doctor": shared(doctor),
  "/stats": shared(stats),
  "/streams": usual(streams),
  "/stream": usual(stream),
  "/state": usual(state),
  "/event": usual(event),
  "/projections": shared(projections),
  "/projection-check": usual(projectionCheck),
  "/documents": usual(documents),
  "/document": usual(document),
  "/processes": usual(processes),
  "/process": usual(processInstance),
  "/timers": usual(timers),
  "/tenants": shared(tenants),
  "/catalogue": shared(catalogue),
  "/catalogue-check": usual(catalogueCheck),
  "/followers": shared(followers),
  "/dead-letters": usual(deadLetters),
  "/dead-letter": usual(deadLetter),
  "/session": usual(session),
  // It reads once for all who ask at once: in turns it would not.
  "/tail": { ...usual(tail), inTurn: false },
  "/audit": { ...usual(audit), role: "admin" },
};
