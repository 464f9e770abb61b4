import { userInfo } from "node:os";
import type { Command } from "commander";
import { defineConsumer } from "tidemark";
import { acts } from "../../src/cli/audit/acts.ts";
import { createProgram } from "../../src/cli/program.ts";
import { Terminal } from "../../src/cli/terminal.ts";
import { describe, expect, test as base } from "../support/test.ts";
import { documentsOf, type Ended, inside } from "./run.ts";

/** A consumer that nobody works for. */
const test = base.extend("command", async ({ store, databaseUrl, schema }) => {
  const worker = store.createWorker({ consumers: [defineConsumer({ name: "mailer", handle() {} })] });
  await worker.start();
  await worker.stop();
  return (words: string, ...more: readonly string[]): Promise<Ended> =>
    inside([...words.split(" "), ...more, "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
});
const { username } = userInfo();

describe("a command that changes something", () => {
  test("writes that to the audit, with who ran it and why, and how it ended", async ({ command, store }) => {
    expect((await command("consumers pause mailer", "--reason", "the mail server moves", "--by", "ada")).code).toBe(0);
    expect((await command("consumers resume mailer --reason moved")).code).toBe(0);
    expect((await command("consumers reset mailer --after end --yes")).code).toBe(0);
    expect((await command("timers cancel none --yes")).code).toBe(1);
    expect((await command("consumers pause absent")).code).toBe(1);
    const entries = await store.audit.list();
    expect(new Set(entries.map(({ actor }) => actor))).toEqual(new Set([username]));
    expect(entries.map(({ action, subject, reason, state, parameters }) => ({ action, subject, reason, state, parameters }))).toEqual([
      { action: "pause", subject: "consumer absent", reason: undefined, state: "failed", parameters: {} },
      { action: "cancel", subject: "timer none", reason: undefined, state: "failed", parameters: undefined },
      { action: "reset", subject: "consumer mailer", reason: undefined, state: "done", parameters: { after: "end" } },
      { action: "resume", subject: "consumer mailer", reason: "moved", state: "done", parameters: undefined },
      { action: "pause", subject: "consumer mailer", reason: "the mail server moves", state: "done", parameters: { by: "ada" } },
    ]);
    expect((await store.audit.list({ state: "failed" }))[0]?.error).toContain('There is no consumer "absent"');
  });

  test("writes nothing where nobody confirmed it, and changes nothing where it cannot be written down", async ({ command, store }) => {
    expect((await command("consumers reset mailer --after end")).code).toBe(2);
    await store.consumers.pause("mailer");
    expect(await command("consumers resume mailer", "--reason", "a\nb")).toMatchObject({ code: 2, stderr: expect.stringContaining("--reason") });
    expect([(await store.consumers.get("mailer")).paused, await store.audit.list()]).toEqual([true, []]);
  });

  test("succeeds when it was made and the audit could not be completed, and warns of that", async ({ command, store, sql, schema }) => {
    const at = `"${schema.replaceAll('"', '""')}"`;
    await sql.query(`
create function ${at}.refuse_to_settle() returns trigger language plpgsql as $$ begin raise exception 'no audit today'; end $$;
create trigger refuse before update on ${at}.audit_entries for each row execute function ${at}.refuse_to_settle()`);
    const paused = await command("consumers pause mailer");
    const [entry] = await store.audit.list();
    expect(paused).toMatchObject({ code: 0, stdout: expect.stringContaining("mailer") });
    expect(paused.stderr).toBe(
      `tidemark: The change was made, but the audit could not be completed. Its entry ${entry?.id} says only that it began. PostgreSQL answered P0001: no audit today\n`,
    );
    expect([(await store.consumers.get("mailer")).paused, entry?.state]).toEqual([true, "begun"]);
    expect(await command("consumers pause absent")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tidemark: The change failed, but .*: no audit today\n.*There is no consumer "absent"/),
    });
  });

  test("of a tenant is in the tenant's audit", async ({ command, store }) => {
    await command("timers cancel none --yes --tenant acme");
    expect([await store.audit.list(), (await store.forTenant("acme").audit.list()).length]).toEqual([[], 1]);
  });

  test("takes --reason, for every call of an administration that changes something", () => {
    const program = createProgram(new Terminal({ stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: {}, cwd: () => "" }));
    const withReason = (command: Command, words: readonly string[] = []): readonly string[] => [
      ...(command.options.some(({ long }) => long === "--reason") ? [words.join(" ")] : []),
      ...command.commands.flatMap((one) => withReason(one, [...words, one.name()])),
    ];
    const hyphenated = (word: string): string => word.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const changing = Object.entries(acts).flatMap(([name, calls]) =>
      Object.entries(calls).flatMap(([call, act]) => (typeof act === "function" ? [`${hyphenated(name)} ${hyphenated(call)}`] : [])),
    );
    // A replay has no command: it takes a worker.
    const commands = changing.filter((words) => words !== "relays replay").map((words) => words.replace("roll-back", "rollback"));
    expect(withReason(program).toSorted()).toEqual(commands.toSorted());
  });
});

describe("tidemark audit", () => {
  test("lists the latest first, those that are asked for, as JSON too", async ({ command, store }) => {
    for (const actor of ["ada", "ben"]) await store.audit.record({ action: "pause", subject: "consumer mailer", actor, reason: "moves" });
    const { id } = await store.audit.record({ action: "retry", subject: "process order o-1", actor: "ada" });
    await store.audit.settle(id, { error: new Error("it is gone") });
    const { stdout } = await command("audit");
    expect(stdout.split("\n")[0]).toMatch(/^number +begun at +state +who +action +subject +reason +error$/);
    expect(stdout.split("\n")[1]).toMatch(/^ *\d+ +\S+Z +failed +ada +retry +process order o-1 +it is gone$/);
    expect(documentsOf(await command("audit --actor ada --json"))).toMatchObject([
      { action: "retry", state: "failed", error: "it is gone" },
      { action: "pause", state: "begun", reason: "moves" },
    ]);
    expect(documentsOf(await command("audit --json --subject", "consumer mailer"))).toHaveLength(2);
    expect(documentsOf(await command("audit --json --state begun --limit 1"))).toMatchObject([{ actor: "ben" }]);
    expect((await command("audit --limit 1")).stderr).toBe("There may be more than these 1: see --limit and --before.\n");
    expect(await command("audit --actor eve")).toEqual({ code: 0, stdout: "", stderr: "There are no entries.\n" });
    expect((await command("audit --state open")).code).toBe(2);
  });
});
