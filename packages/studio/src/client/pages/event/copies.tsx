import type { JSX } from "preact";
import { exactJson } from "../../../wire/exact-json.ts";
import type { EventPage } from "../../../wire/reports.ts";
import { Copy } from "../../parts/copy.tsx";
import { indented } from "../../parts/json-view.tsx";
import { apiOf } from "../../state/ask.ts";

/** The event in forms that go elsewhere. */
export function Copies({ report }: { readonly report: EventPage }): JSX.Element {
  const { event } = report;
  return (
    <div class="copies" role="group" aria-label="Copy">
      <span>Copy as</span>
      <Copy text={indented(exactJson(event.data))} label="JSON" what="the data as JSON" />
      <Copy text={curlOf(report)} label="curl" what="as a call of curl" />
      <Copy text={sqlOf(report)} label="SQL" what="as a query in SQL" />
      <Copy text={fixtureOf(report)} label="Fixture" what="as a test fixture" />
    </div>
  );
}

/** The token is in a cookie that no script can read. */
function curlOf({ event }: EventPage): string {
  const address = new URL(apiOf("event", { id: event.id }), location.origin);
  return `curl --header "authorization: Bearer $TIDEMARK_STUDIO_TOKEN" ${shellQuoted(address.href)}`;
}

function sqlOf({ event, schema }: EventPage): string {
  return [
    "select s.name as stream, e.version, e.position, e.type, e.recorded_at, e.schema_version, e.data, e.metadata, e.tags",
    `  from ${sqlName(schema)}.events as e join ${sqlName(schema)}.streams as s on s.id = e.stream_id`,
    ` where e.tenant = ${sqlText(event.tenant)} and e.id = ${sqlText(event.id)}::uuid;`,
  ].join("\n");
}

/** What `scenario(…).given` takes. JSON is TypeScript, but numbers that JavaScript cannot hold become others there. */
function fixtureOf({ event, decoded }: EventPage): string {
  const metadata = event.metadata === "{}" ? "" : `\n  metadata: ${indented(exactJson(event.metadata), "  ")},`;
  const tags = event.tags.length === 0 ? "" : `\n  tags: ${JSON.stringify(event.tags)},`;
  // What the catalogue changes is given as it was stored.
  const version = decoded === null ? "" : `\n  schemaVersion: ${event.schemaVersion},`;
  return `{\n  type: ${JSON.stringify(event.type)},\n  data: ${indented(exactJson(event.data), "  ")},${version}${metadata}${tags}\n}`;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function sqlName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
