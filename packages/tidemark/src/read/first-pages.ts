import type { Queryable, TextRow, Value } from "../database/database.ts";
import { withColumns } from "../database/text-row.ts";
import type { SnapshotRequest } from "./stored-snapshot.ts";
import type { StatementsBySize } from "./statements-by-size.ts";

/** The first events of a range of a stream's versions. */
export interface FirstPageRequest {
  readonly tenant: string;
  readonly streamId: string;
  /** Exclusive. */
  readonly after: number;
  /** Inclusive. */
  readonly until: number;
  /** The most rows. */
  readonly rows: number;
  /** Whose snapshot to begin with, where there is one. */
  readonly snapshot?: SnapshotRequest | undefined;
}

/** Reads first pages: by one statement for each, or by one for many. */
export interface FirstPages {
  /** Rows of events in order, the last with `full` where more may follow. With `snapshot` the first row may hold no event. */
  read(request: FirstPageRequest, signal: AbortSignal | undefined): Promise<readonly TextRow[]>;
}

/** One statement for each: inside a transaction, where one runs at a time anyway. */
export function singleFirstPages(queryable: Queryable, statements: StatementsBySize): FirstPages {
  return { read: (request, signal) => readFirstPage(queryable, statements, request, signal) };
}

/** The rows of one request. */
export async function readFirstPage(
  queryable: Queryable,
  statements: StatementsBySize,
  request: FirstPageRequest,
  signal: AbortSignal | undefined,
): Promise<readonly TextRow[]> {
  const { tenant, streamId, after, until, rows, snapshot } = request;
  if (!snapshot) return await queryable.query(statements.current.streamPage(false, true, false), [tenant, streamId, after, until, rows], { signal });
  const { kind, name, stateVersion, catalogue } = snapshot;
  const values = [tenant, streamId, after, until, kind, name, stateVersion, catalogue, rows];
  const found = await queryable.query(statements.current.firstPageFromSnapshot(), values, { signal });
  return rowsOfEach(found, [request], rows)[0] ?? [];
}

/** The rows of several requests, by one statement. */
export async function readFirstPages(
  queryable: Queryable,
  statements: StatementsBySize,
  requests: readonly FirstPageRequest[],
  { rows: limit, signal }: { readonly rows: number; readonly signal?: AbortSignal | undefined },
): Promise<readonly (readonly TextRow[])[]> {
  const fromSnapshots = requests.some((request) => request.snapshot);
  const values: Value[] = [
    requests.map(({ tenant, streamId }) => `${tenant}\u001e${streamId}`).join("\u001f"),
    `{${requests.map(({ after }) => after).join()}}`,
    // The version of a snapshot is not known yet, so such a request is cut by the limit alone.
    `{${requests.map(({ after, until, rows, snapshot }) => (snapshot ? until : Math.min(until, after + rows))).join()}}`,
    limit,
  ];
  if (fromSnapshots) {
    values.push(
      requests
        .map((request) => (request.snapshot ? `${request.snapshot.kind}\u001e${request.snapshot.name}\u001e${request.snapshot.catalogue}` : "\u001e\u001e"))
        .join("\u001f"),
      `{${requests.map((request) => request.snapshot?.stateVersion ?? 0).join()}}`,
    );
  }
  const found = await queryable.query(statements.current.firstPages(fromSnapshots), values, { signal });
  return rowsOfEach(found, requests, limit);
}

function rowsOfEach(found: readonly TextRow[], requests: readonly FirstPageRequest[], limit: number): readonly (readonly TextRow[])[] {
  const each: TextRow[][] = requests.map(() => []);
  for (const row of found) {
    const index = Number(row["n"]) - 1;
    // A row without an event is what a snapshot comes in. Next to one, streams without events have such rows, too.
    if (row["position"] != null || requests[index]?.snapshot) each[index]?.push(row);
  }
  for (const [index, rows] of each.entries()) {
    // Each stream's events are read in order, and nothing orders the whole.
    if (rows.some((row, at) => versionOf(row) < versionOf(rows[at - 1]))) rows.sort((a, b) => versionOf(a) - versionOf(b));
    const last = rows.at(-1);
    if (last && rows.length >= limit && limit < (requests[index]?.rows ?? 0)) rows[rows.length - 1] = withColumns(last, { full: "" });
  }
  return each;
}

function versionOf(row: TextRow | undefined): number {
  return Number(row?.["version"] ?? 0);
}
