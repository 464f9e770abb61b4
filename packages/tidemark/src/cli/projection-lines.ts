import { escapeUnsafe, hideCredentials } from "../arguments/describe-value.ts";
import type { ProjectionInfo } from "../projections/projection-info.ts";
import type { Row } from "./columns.ts";
import { counted } from "./progress.ts";

/** Each projection as a line for people, below the names of the columns. */
export async function* projectionRows(projections: readonly ProjectionInfo[]): AsyncGenerator<Row, void, undefined> {
  yield ["projection", "version", "mode", "state", "position", "events behind", "seconds behind", "last error"];
  for (const projection of projections) {
    const { name, version, mode, state, position, lag } = projection;
    yield [oneLine(name), version, mode, state, position, lag.events, Math.round(lag.seconds), oneLine(troubleOf(projection))];
  }
}

/** What is known of one projection. */
export function projectionTable(projection: ProjectionInfo): Row[] {
  const { name, version, mode, state, position, lag, collection, registeredAt, changedAt } = projection;
  const trouble = troubleOf(projection);
  return [
    ["projection", name],
    ["version", `${version}`],
    ["mode", mode],
    ["state", state],
    ["position", `${position}`],
    ["behind", `${counted(lag.events, "event")}, ${lag.seconds.toFixed(1)} s`],
    ...(collection === undefined ? [] : [["collection", collection]]),
    ["registered at", registeredAt.toISOString()],
    ["changed at", changedAt.toISOString()],
    ...(trouble === "" ? [] : [["last error", oneLine(trouble)]]),
  ];
}

/** `event 813 of "cart-42": [CODE] message`; empty where nothing went wrong. */
function troubleOf({ lastError, failingEvent }: ProjectionInfo): string {
  if (!lastError) return "";
  const place = failingEvent ? `event ${failingEvent.position} of ${JSON.stringify(failingEvent.streamId)}: ` : "";
  return `${place}${lastError.code ? `[${lastError.code}] ` : ""}${lastError.message}`;
}

function oneLine(text: string): string {
  return escapeUnsafe(hideCredentials(text));
}
