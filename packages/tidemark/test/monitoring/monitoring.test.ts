import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parser } from "@prometheus-io/lezer-promql";
import { parse } from "yaml";
import { describe, expect, test } from "vitest";
import { healthSeries } from "../../src/operations/metrics/health-series.ts";
import { prometheusName } from "../../src/operations/metrics/prometheus-name.ts";
import { series } from "../../src/operations/metrics/series.ts";

const root = join(import.meta.dirname, "../../../..");
const folder = join(root, "packages/tidemark/monitoring");
const known: ReadonlySet<string> = new Set([...series, healthSeries].map(prometheusName));

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly links: readonly { readonly url: string }[];
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] };
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

async function dashboards(): Promise<readonly (Dashboard & { readonly file: string })[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".json"));
  return await Promise.all(
    files.map(async (file) => {
      const dashboard: Dashboard = JSON.parse(await readFile(join(folder, file), "utf8"));
      return { ...dashboard, file };
    }),
  );
}

async function rules(): Promise<readonly Rule[]> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what stands in the file is what this test looks at
  const file = parse(await readFile(join(folder, "prometheus-alerts.yaml"), "utf8")) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
  return file.groups.flatMap((group) => group.rules);
}

/** What Grafana puts in before Prometheus sees it. */
function filledIn(expression: string): string {
  return expression.replaceAll("$__rate_interval", "5m").replaceAll(/"\$\w+"/g, '".*"');
}

/** The names of series in an expression, by Prometheus's own grammar. Throws where it is none. */
function namesIn(expression: string): readonly string[] {
  const text = filledIn(expression);
  const names: string[] = [];
  const wrong: string[] = [];
  parser.parse(text).iterate({
    enter({ name, from, to, type }) {
      if (type.isError) wrong.push(text.slice(Math.max(0, from - 20), to + 20));
      if (name === "VectorSelector") names.push(/^[a-zA-Z_:][\w:]*/.exec(text.slice(from, to))?.[0] ?? "");
    },
  });
  if (wrong.length > 0) throw new SyntaxError(`no PromQL: ${wrong.join(" … ")} in ${text}`);
  return names;
}

function unknownIn(expressions: readonly string[]): readonly string[] {
  return expressions.flatMap(namesIn).filter((name) => !known.has(name));
}

describe("the dashboards and alerts of the package", () => {
  test("name no series that does not exist", async () => {
    const panels = (await dashboards()).flatMap((dashboard) => dashboard.panels);
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const variables = (await dashboards()).flatMap(({ templating }) =>
      templating.list.flatMap(({ query }) => (typeof query === "string" ? [] : [/^label_values\((.+), \w+\)$/.exec(query.query)?.[1] ?? ""])),
    );
    const alerts = (await rules()).map(({ expr }) => expr);
    expect(expressions.length).toBeGreaterThan(25);
    expect(variables.length).toBeGreaterThan(4);
    expect(alerts.length).toBeGreaterThan(7);
    expect(unknownIn([...expressions, ...variables, ...alerts])).toEqual([]);
  });

  test("would be noticed if they did", () => {
    expect(unknownIn(["rate(tidemark_append_event_total[5m])"])).toEqual(["tidemark_append_event_total"]);
    expect(() => unknownIn(["sum by (job (rate(x[5m]))"])).toThrow(/no PromQL/);
  });

  test("show rate, errors and duration above utilization and saturation", async () => {
    const rows = (await dashboards()).map(({ file, panels }) => [file, panels.filter(({ type }) => type === "row").map(({ title }) => title)]);
    expect(Object.fromEntries(rows)).toMatchObject({
      "grafana-overview.json": ["Rate, errors, duration", "Utilization, saturation, errors"],
      "grafana-followers.json": ["Rate, errors, duration", "Lag", "Shards and what they need"],
    });
  });

  test("lead to each other", async () => {
    const all = await dashboards();
    const uids = all.map(({ uid }) => `/d/${uid}`);
    expect(all.flatMap(({ links }) => links.map(({ url }) => url)).toSorted()).toEqual(uids.toSorted());
  });

  test("lead from every alert to a runbook that is there, and the guide lists each", async () => {
    const guide = await readFile(join(root, "docs/guides/monitoring.md"), "utf8");
    const all = await rules();
    expect(new Set(all.map(({ alert }) => alert)).size).toBe(all.length);
    for (const { alert, labels, annotations } of all) {
      expect(labels.severity).toMatch(/^(critical|warning)$/);
      const [, path] = /^https:\/\/github\.com\/tidemark\/tidemark\/blob\/main\/(docs\/runbooks\/[a-z-]+\.md)$/.exec(annotations.runbook_url) ?? [];
      expect([alert, existsSync(join(root, path ?? "nothing"))]).toEqual([alert, true]);
      expect(await readFile(join(root, path ?? ""), "utf8"), `the runbook of ${alert}`).toContain("**You see.**");
      expect(guide).toContain(`\`${alert}\``);
      expect(guide).toContain(`(../${path?.slice("docs/".length)})`);
    }
  });

  test("are of series that the guide lists, all of them", async () => {
    const guide = await readFile(join(root, "docs/guides/monitoring.md"), "utf8");
    const listed = Array.from(guide.slice(guide.indexOf("## Series")).matchAll(/^\| `([a-z0-9_]+)`/gm), ([, name]) => name);
    expect(listed).toEqual([...series, healthSeries].map(prometheusName));
  });
});
