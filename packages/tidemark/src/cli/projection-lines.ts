import { escapeUnsafe, hideCredentials } from "../arguments/describe-value.ts";
import type { BuildInfo } from "../projections/rebuild/build-info.ts";
import type { ProjectionInfo } from "../projections/projection-info.ts";
import type { Row } from "./columns.ts";
import { counted } from "./progress.ts";

/** Each projection as a line for people, below the names of the columns. */
export async function* projectionRows(projections: readonly ProjectionInfo[]): AsyncGenerator<Row, void, undefined> {
  yield ["projection", "version", "serves", "mode", "state", "build", "position", "events behind", "seconds behind", "last error"];
  for (const projection of projections) {
    const { name, version, serving, mode, state, build, position, lag } = projection;
    const trouble = oneLine(troubleOf(projection));
    yield [oneLine(name), version, serving ? "yes" : "no", mode, state, buildOf(build), position, lag.events, Math.round(lag.seconds), trouble];
  }
}

/** What is known of one projection. */
export function projectionTable(projection: ProjectionInfo): Row[] {
  const { name, version, serving, mode, state, build, position, lag, collection, registeredAt, changedAt } = projection;
  const trouble = troubleOf(projection);
  return [
    ["projection", name],
    ["version", `${version}`],
    ["serves", serving ? "yes" : "no"],
    ["mode", mode],
    ["state", state],
    ...(build === undefined ? [] : [["build", buildOf(build)]]),
    ["position", `${position}`],
    ["behind", `${counted(lag.events, "event")}, ${lag.seconds.toFixed(1)} s`],
    ...(collection === undefined ? [] : [["collection", collection]]),
    ["registered at", registeredAt.toISOString()],
    ["changed at", changedAt.toISOString()],
    ...(trouble === "" ? [] : [["last error", oneLine(trouble)]]),
  ];
}

/** `building 40 %`; empty where it was built beside no other version. */
function buildOf(build: BuildInfo | undefined): string {
  if (build === undefined) return "";
  const { state, events, total } = build;
  return state === "building" ? `${state} ${Math.floor((100 * events) / Math.max(1, total))} %` : state;
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
