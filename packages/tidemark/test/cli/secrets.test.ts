import { describe, expect, test } from "../support/test.ts";
import { type Ended, tidemark } from "./run.ts";

const canary = "s3cret-canary";

/** Every way in which a password could come into a command. */
function ways(databaseUrl: string): readonly { readonly args: readonly string[]; readonly url?: string }[] {
  const { username, host, pathname } = new URL(databaseUrl);
  const wrong = `postgres://${username}:${canary}@${host}${pathname}`;
  const nobody = `postgres://nobody:${canary}@127.0.0.1:1/shop`;
  return [
    // Wrong password, no server, no such host, a port that is no number, an @ in the password, the password as a parameter.
    ...[
      wrong,
      nobody,
      `postgres://nobody:${canary}@no.such.host.invalid/shop`,
      `postgres://nobody:${canary}@localhost:port/shop`,
      `postgres://nobody:x@${canary}@127.0.0.1:1/shop`,
    ].map((url) => ({
      args: ["migrate", "up"],
      url,
    })),
    { args: ["migrate", "status", "--json"], url: `postgres://127.0.0.1:1/shop?user=nobody&password=${canary}` },
    { args: ["migrate", "verify", "--json"], url: wrong },
    { args: ["demo", "--json", "--url", wrong] },
    { args: ["read", "--json"], url: wrong },
    { args: ["append", "cart-1", "--type", "ItemAdded"], url: nobody },
    // In the wrong place.
    { args: [nobody] },
    { args: ["demo", nobody, "--json"] },
    { args: ["migrate", nobody] },
    { args: ["append", "cart-1", nobody] },
    { args: ["append", "cart-1", "--type", "ItemAdded", "--expected-version", nobody, "--json"] },
    { args: ["read", "--as-of", nobody, "--json"] },
    { args: ["streams", "--limit", nobody] },
    { args: ["migrate", "up", `--ur=${nobody}`, "--json"] },
    { args: ["migrate", "up", "--schema", nobody, "--url", nobody, "--json"] },
    { args: ["migrate", "sql", "--from", nobody] },
    { args: ["migrate", "up", "--json"], url: `mysql://nobody:${canary}@localhost/shop` },
  ];
}

test("no failure of any command tells a password", async ({ databaseUrl }) => {
  const told: Ended[] = [];
  for (const { args, url } of ways(databaseUrl)) {
    const ended = await tidemark(args, url === undefined ? {} : { env: { DATABASE_URL: url } });
    expect(ended.code, args.join(" ")).toBeGreaterThan(0);
    expect(ended.stderr, args.join(" ")).not.toBe("");
    if (args.includes("--json")) expect(() => JSON.parse(ended.stdout)).not.toThrow();
    told.push(ended);
  }
  for (const [index, { stdout, stderr }] of told.entries()) expect(stdout + stderr, `way ${index}`).not.toContain(canary);
});

describe("a password that works", () => {
  test("is not told either", async ({ databaseUrl, schema, sql }) => {
    await sql.query(`create role knows_it login superuser password '${canary}'`);
    const url = new URL(databaseUrl);
    url.username = "knows_it";
    url.password = canary;
    for (const args of [
      ["migrate", "up"],
      ["migrate", "up", "--json"],
      ["migrate", "status"],
      ["migrate", "verify"],
      ["demo", "--events", "100", "--url", url.href],
    ]) {
      const { code, stdout, stderr } = await tidemark([...args, "--schema", schema], { env: { DATABASE_URL: url.href } });
      expect(code).toBe(0);
      expect(stdout + stderr).not.toContain(canary);
    }
    await sql.query(`reassign owned by knows_it to current_user; drop owned by knows_it; drop role knows_it`);
  });
});
