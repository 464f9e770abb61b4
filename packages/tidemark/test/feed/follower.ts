import pg from "pg";
import type { EventStore } from "../../src/store/event-store.ts";

export interface Read {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
}

/** Reads on from the last event that it saw, and never looks back. */
export interface Follower {
  readonly seen: Read[];
  poll(): Promise<void>;
}

/** Up to the mark, as the store's readers do. */
export function followByMark(store: EventStore): Follower {
  const seen: Read[] = [];
  return {
    seen,
    async poll() {
      for await (const { position, streamId, version } of store.readAll({ after: seen.at(-1)?.position ?? 0, limit: 500 })) {
        seen.push({ position, stream: streamId, version });
      }
    },
  };
}

/** Whatever is visible above the last event. */
export function followNaively(sql: pg.Pool, schema: string): Follower {
  const name = pg.escapeIdentifier(schema);
  const seen: Read[] = [];
  return {
    seen,
    async poll() {
      const { rows } = await sql.query<{ position: string; stream: string; version: string }>(
        `select e.position, s.name as stream, e.version
           from ${name}.events as e
           join ${name}.streams as s on s.id = e.stream_id
          where e.position > $1
          order by e.position
          limit 500`,
        [seen.at(-1)?.position ?? 0],
      );
      for (const { position, stream, version } of rows) seen.push({ position: Number(position), stream, version: Number(version) });
    },
  };
}

/** Polls until there is nothing more. */
export async function drain(follower: Follower): Promise<void> {
  for (let before = -1; before !== follower.seen.length;) {
    before = follower.seen.length;
    await follower.poll();
  }
}

/** What a follower made of the log. */
export function judge(log: readonly Read[], seen: readonly Read[]): { readonly lost: number; readonly doubled: number; readonly disordered: number } {
  const positions = new Set(seen.map(({ position }) => position));
  const versions = new Map<string, number>();
  let disordered = 0;
  for (const { stream, version } of seen) {
    if (version !== (versions.get(stream) ?? 0) + 1) disordered++;
    versions.set(stream, version);
  }
  return { lost: log.filter(({ position }) => !positions.has(position)).length, doubled: seen.length - positions.size, disordered };
}
