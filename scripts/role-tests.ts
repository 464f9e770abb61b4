import { join } from "node:path";

/** The roles of `rolesSql`, as tests run as them. */
export const roles = ["writer", "worker", "reader", "operator", "owner"] as const;
export type Role = (typeof roles)[number];

/** The files of a folder that run as a role, without `.test.ts`. */
export interface FolderOfTests extends Readonly<Partial<Record<Role, readonly string[]>>> {
  /** Why its other files do not. */
  readonly rest: string;
}

const noDatabase = "asks no database";
const noRoleMatters = "sends no statements but those of the store, which run as a role elsewhere";
const driver = "is about connections, whatever their role may do";

/**
 * Every folder of tests of the library and of the studio. A test refuses one that is missing here, so that a new one gets a role, or a reason why it has none.
 * A file that is not named runs as a superuser alone.
 */
export const roleTests: Readonly<Record<string, FolderOfTests>> = {
  append: {
    writer: "byte-order claims conditions-model culprit durability idempotency joined limits lost-backend model order pending verdict".split(" "),
    // Also inline projections, whose tables a worker creates.
    worker: ["conditions"],
    rest: "asks no database, starts servers, loads auto_explain, or sends the same statements at other moments",
  },
  arguments: { rest: noDatabase },
  async: { rest: noDatabase },
  // What is to be removed, the owner removes.
  audit: { operator: ["recording"], owner: ["recording"], rest: "there is no other" },
  catalogue: { rest: noRoleMatters },
  cli: { rest: "is about what stands around the calls that schema/roles-reports makes as each role" },
  commands: { writer: ["boundary", "handle-command", "recorded"], rest: noRoleMatters },
  "commands/snapshots": { writer: ["several-streams", "snapshots"], rest: noRoleMatters },
  consumers: {
    worker: ["administration", "dead-letters", "kinds", "parking"],
    operator: ["administration", "dead-letters"],
    rest: "asks no database, or creates schemas and roles",
  },
  contract: {
    writer: ["catalogue", "tenants", "transactions"],
    rest: "creates indexes and tables of collections, or makes calls that append, read and feed make as each role",
  },
  counters: { rest: noDatabase },
  database: { rest: driver },
  "database/adapters": { rest: driver },
  documents: {
    worker: ["reading"],
    // Indexes of tables that it owns.
    owner: ["indexes"],
    rest: "asks no database, or writes documents as projections do, which run as a worker",
  },
  errors: { rest: noRoleMatters },
  feed: {
    reader: ["follow"],
    operator: ["blockers"],
    rest: "appends beside what it reads, as a writer does elsewhere, ends servers and sessions, or measures plans",
  },
  http: { reader: ["serve-log"], rest: "asks no database, or makes the calls of serve-log under load" },
  "http/conformance": { rest: noRoleMatters },
  inbox: { writer: ["forgetting", "receiving"], rest: "counts the rows that plans read, in schemas that it creates" },
  monitoring: { rest: noDatabase },
  opentelemetry: { rest: noRoleMatters },
  operations: {
    reader: ["stats"],
    operator: ["doctor", "health", "stats"],
    owner: ["stats", "verify"],
    rest: "starts servers of its own, or migrates",
  },
  outbox: {
    worker: ["publishing", "relaying"],
    rest: "counts the rows that plans read, in schemas that it creates, or kills processes for half a minute",
  },
  processes: {
    worker: ["ending", "inputs", "keeping", "parking", "shards", "timers"],
    operator: ["ending"],
    rest: "asks no database, kills processes, or sends the same statements at other moments",
  },
  projections: {
    worker: ["async", "demotion", "epoch", "go-live", "inline", "registry", "soft-delete"],
    rest: "asks no database, counts the rows that plans read, or repeats at other moments what the others do",
  },
  "projections/rebuild": { worker: ["owners", "swap"], rest: "asks no database, or repeats at other moments what the others do" },
  prometheus: { rest: noRoleMatters },
  read: {
    reader: ["read-all", "read-stream", "sequence", "streams"],
    rest: "asks no database, or measures plans and memory of the same statements",
  },
  relays: { worker: ["outages", "ownership", "publishing", "refusals"], rest: noDatabase },
  runtime: {
    worker: ["failures", "handling", "shards", "stopping"],
    rest: "asks no database, locks tables, ends servers and sessions, or sends the same statements at other moments",
  },
  schema: { rest: "migrates, and creates roles of its own: roles-sql and roles-reports make each call as each role" },
  sinks: { rest: "asks brokers" },
  store: { rest: "ends servers, sessions and processes, creates tables and schemas, or makes calls at random, of which each role may make some" },
  studio: {
    operator: ["changes", "read-model-changes"],
    rest: "asks no database, creates roles of its own, or appends beside what it reads",
  },
  "studio/browser": { rest: "starts a browser, for whose page the studio's server makes the same calls" },
  "studio/fuzz": { rest: "asks the studio's server for anything at random, which makes the same calls" },
  "studio/mcp": { rest: "makes the calls of the studio's server" },
  support: { rest: "is about the tests" },
  testing: { rest: "asks PGlite, or nothing" },
  timers: { writer: ["writes"], worker: ["firing", "waking"], rest: "asks no database or PGlite, needs a superuser's settings, or repeats what the others do" },
  tracing: { rest: noRoleMatters },
  transfer: { rest: "asks no database, copies into schemas that it creates, or keeps positions, for which no role has the right" },
  versions: { rest: "installs another version of the package" },
};

/** Where a folder is. */
export function pathOfFolder(folder: string): string {
  const [first, ...inner] = folder.split("/");
  return first === "studio" ? join("packages/studio/test", ...inner) : join("packages/tidemark/test", folder);
}

/** The paths of the files that run as a role. */
export function filesOf(role: Role): readonly string[] {
  return Object.entries(roleTests).flatMap(([folder, tests]) => (tests[role] ?? []).map((file) => join(pathOfFolder(folder), `${file}.test.ts`)));
}
