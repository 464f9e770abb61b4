import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { startServer } from "@tidemark/servers";
import { openEventStore, rolesSql } from "tidemark";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { inside } from "../cli/run.ts";

const root = join(import.meta.dirname, "../../../..");
const folder = join(root, "examples/compose");

interface Service {
  readonly command: readonly string[] | string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
  readonly environment?: Readonly<Record<string, string>>;
}

const text = await readFile(join(folder, "compose.yaml"), "utf8");
const compose: { readonly services: Readonly<Record<string, Service>>; readonly volumes: object } = parse(text, { merge: true });
const roles = await readFile(join(folder, "roles.sql"), "utf8");

/** Of a service, what has to have happened before it. */
function before(name: string): readonly string[] {
  return Object.entries(compose.services[name]?.depends_on ?? {}).flatMap(([other, { condition }]) => [...before(other), `${other} ${condition}`]);
}

describe("compose.yaml", () => {
  test("has the services start in order: the database, the migration, the roles, then what opens a store", () => {
    for (const name of ["web", "worker"])
      expect(before(name)).toEqual(["db service_healthy", "migrate service_completed_successfully", "roles service_completed_successfully"]);
    expect(compose.services["db"]?.healthcheck).toBeDefined();
  });

  test("starts commands that the package has", async () => {
    const commands = Object.values(compose.services)
      .map(({ command }) => (typeof command === "string" ? command.split(" ") : command))
      .flatMap((words) => {
        const at = words.findIndex((word) => word === "tidemark" || word.endsWith("/cli/main.js"));
        return at < 0 ? [] : [words.slice(at + 1)];
      });
    expect(commands).toHaveLength(2);
    for (const words of commands) {
      // An unknown command has help, too: that of those above it.
      const command = words
        .slice(
          0,
          [...words, "-"].findIndex((word) => !/^[a-z]+$/.test(word)),
        )
        .join(" ");
      expect(await inside([...words, "--help"])).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^Usage: tidemark ${command} \\[`)) });
    }
  });

  test("takes each variable from .env, of which there is an example, and the guide shows it as it is", async () => {
    const example = await readFile(join(folder, ".env.example"), "utf8");
    const used = new Set(Array.from(text.matchAll(/\$\{(\w+)/g), ([, name = ""]) => name));
    expect(new Set(Array.from(example.matchAll(/^(\w+)=/gm), ([, name]) => name))).toEqual(used);
    const guide = await readFile(join(root, "docs/guides/docker.md"), "utf8");
    expect(guide).toContain(`\`\`\`yaml\n${text}\`\`\``);
  });
});

test("roles.sql is what the command prints, and gives the logins that suffice, also when it is run again", async () => {
  expect(roles.startsWith(rolesSql())).toBe(true);
  await using server = await startServer({ settings: { fsync: "off" } });
  const url = await server.createDatabase("shop");
  await (await openEventStore(url)).close();
  const passwords = ["--set=web_password=secret1", "--set=worker_password=secret2"];
  for (const _ of ["once", "again"]) await promisify(execFile)("psql", ["--set=ON_ERROR_STOP=1", ...passwords, `--file=${join(folder, "roles.sql")}`, url]);
  for (const [name, password] of [
    ["shop_web", "secret1"],
    ["shop_worker", "secret2"],
  ] as const) {
    const own = new URL(url);
    own.username = name;
    own.password = password;
    await using store = await openEventStore(own.href, { requireRole: true });
    await store.appendToStream(`cart-${name}`, [{ type: "ItemAdded", data: {} }]);
  }
});
