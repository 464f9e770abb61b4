import type { JSX } from "preact";
import type { PagePath } from "../../wire/first-questions.ts";
import type { Place } from "../parts/shell.tsx";
import { Audit } from "./audit.tsx";
import { DeadLetter } from "./dead-letter.tsx";
import { DeadLetters } from "./dead-letters.tsx";
import { Catalogue } from "./catalogue.tsx";
import { DocumentDetails } from "./document.tsx";
import { Documents } from "./documents.tsx";
import { EventDetails } from "./event.tsx";
import { Follower } from "./follower.tsx";
import { Followers } from "./followers.tsx";
import { Live } from "./live.tsx";
import { Overview } from "./overview.tsx";
import { ProcessInstance } from "./process.tsx";
import { Processes } from "./processes.tsx";
import { Projections } from "./projections.tsx";
import { StreamState } from "./state.tsx";
import { StreamEvents } from "./stream.tsx";
import { Streams } from "./streams.tsx";
import { Tenants } from "./tenants.tsx";

interface View {
  readonly path: PagePath;
  /** @param id - What `?id=` says. */
  readonly view: (id: string) => JSX.Element;
}

/** A page with a place in the navigation and a key after `g`, or one that is reached from such a place. */
type Page = View & (Omit<Place, "path"> | { readonly within: string });

/**
 * Every page. Addresses, the navigation and the keyboard follow from it: a new page is one line here, and one in `wire/first-questions.ts`. Paths are
 * lower-case letters and hyphens.
 */
export const pages: readonly Page[] = [
  { path: "/", title: "Overview", key: "o", view: () => <Overview /> },
  { path: "/streams", title: "Streams", key: "s", view: () => <Streams /> },
  { path: "/stream", within: "/streams", view: (id) => <StreamEvents key={id} streamId={id} /> },
  { path: "/state", within: "/streams", view: (id) => <StreamState key={id} streamId={id} /> },
  { path: "/event", within: "/streams", view: () => <EventDetails /> },
  { path: "/projections", title: "Projections", key: "p", view: () => <Projections /> },
  { path: "/documents", title: "Documents", key: "d", view: () => <Documents /> },
  { path: "/document", within: "/documents", view: (id) => <DocumentDetails id={id} /> },
  { path: "/processes", title: "Processes", key: "r", view: () => <Processes /> },
  { path: "/process", within: "/processes", view: (id) => <ProcessInstance id={id} /> },
  { path: "/catalogue", title: "Types", key: "y", view: () => <Catalogue /> },
  { path: "/live", title: "Live", key: "v", view: () => <Live /> },
  { path: "/followers", title: "Consumers and relays", key: "c", view: () => <Followers /> },
  { path: "/follower", within: "/followers", view: (id) => <Follower key={id} name={id} /> },
  { path: "/dead-letters", title: "Dead letters", key: "l", view: () => <DeadLetters /> },
  { path: "/dead-letter", within: "/dead-letters", view: (id) => <DeadLetter key={id} consumer={id} /> },
  { path: "/tenants", title: "Tenants and tables", key: "t", view: () => <Tenants /> },
  { path: "/audit", title: "Audit", key: "a", view: () => <Audit /> },
];
