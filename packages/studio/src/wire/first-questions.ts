import {
  auditQuestion,
  deadLetterQuestion,
  deadLettersQuestion,
  documentQuestion,
  documentsQuestion,
  eventQuestion,
  processesQuestion,
  processQuestion,
  type Question,
  stateQuestion,
  streamQuestion,
  streamsQuestion,
  timersQuestion,
} from "./questions.ts";

/** The address of a page, below the place where the studio is mounted. */
export type PagePath =
  | "/"
  | "/streams"
  | "/stream"
  | "/state"
  | "/event"
  | "/projections"
  | "/documents"
  | "/document"
  | "/processes"
  | "/process"
  | "/catalogue"
  | "/live"
  | "/followers"
  | "/follower"
  | "/dead-letters"
  | "/dead-letter"
  | "/tenants"
  | "/audit";

/** By page, what it asks as soon as it is there. The live tail is an answer without an end, which a browser cannot ask beforehand. */
const ofPages: Readonly<Record<PagePath, (query: URLSearchParams) => readonly Question[]>> = {
  "/": () => [["overview"], ["doctor"], ["stats"]],
  "/streams": (query) => [streamsQuestion(query)],
  "/stream": (query) => [streamQuestion(query)],
  "/state": (query) => [stateQuestion(query)],
  "/event": (query) => [eventQuestion(query)],
  "/projections": () => [["projections"]],
  "/documents": (query) => [query.get("collection") ? documentsQuestion(query) : ["projections"]],
  "/document": (query) => [documentQuestion(query)],
  "/processes": (query) => [processesQuestion(query), timersQuestion(query)],
  "/process": (query) => [processQuestion(query)],
  "/catalogue": () => [["catalogue"]],
  "/live": () => [],
  "/followers": () => [["followers"]],
  "/follower": () => [["followers"]],
  "/dead-letters": (query) => [deadLettersQuestion(query)],
  "/dead-letter": (query) => [deadLetterQuestion(query)],
  "/tenants": () => [["tenants"]],
  "/audit": (query) => [auditQuestion(query)],
};

/** What the page at an address asks first: it is asked before the page's script is there. */
export function firstQuestions({ pathname, searchParams }: URL): readonly Question[] {
  return [...(isPagePath(pathname) ? ofPages[pathname](searchParams) : []), ["session"]];
}

function isPagePath(path: string): path is PagePath {
  return Object.hasOwn(ofPages, path);
}
