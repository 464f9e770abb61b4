/** Folders of packages/tidemark/test that `npm test` leaves to other commands, so that it stays below ten minutes. Every other folder is its own. */
export const testedApart = {
  /** `npm run test:package` */
  package: ["cli", "testing"],
  /** `npm run test:operations` */
  operations: ["audit", "http", "inbox", "monitoring", "opentelemetry", "operations", "outbox", "prometheus", "relays", "tracing", "transfer"],
  /** `npm run test:brokers` */
  brokers: ["sinks"],
} as const;

export function pathsOf(folders: readonly string[]): string[] {
  return folders.map((folder) => `packages/tidemark/test/${folder}/`);
}
