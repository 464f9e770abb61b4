import type { Route } from "./call.ts";
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

/** All routes below `/api` that every viewer may take. Each reads, and changes nothing. */
export const routes: Readonly<Record<string, Route>> = {
  "/overview": overview,
  "/doctor": doctor,
  "/stats": stats,
  "/streams": streams,
  "/stream": stream,
  "/state": state,
  "/event": event,
  "/projections": projections,
  "/projection-check": projectionCheck,
  "/documents": documents,
  "/document": document,
  "/processes": processes,
  "/process": processInstance,
  "/timers": timers,
  "/tenants": tenants,
  "/catalogue": catalogue,
  "/catalogue-check": catalogueCheck,
  "/followers": followers,
  "/dead-letters": deadLetters,
  "/dead-letter": deadLetter,
  "/session": session,
  "/tail": tail,
};

/** Those that also read, and are for admins. */
export const adminRoutes: Readonly<Record<string, Route>> = {
  "/audit": audit,
};
