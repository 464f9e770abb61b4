import { startServer } from "@tidemark/servers";
import { expect, test } from "vitest";
import { follow } from "./follow.ts";

// PostgreSQL 15, because its tools come with it: `pg_dump` reads no server that is newer than itself. As durable as PostgreSQL is by default.

test("the production checklist does and prints what it says, as a role that may do no more than it needs", async () => {
  await using server = await startServer({ version: 15 });
  const application = new URL(server.url);
  application.username = "shop_app";
  application.password = "choose-one";
  const addresses = { ADMIN_DATABASE_URL: server.url, DATABASE_URL: application.href };
  expect(await follow("docs/guides/production-checklist.md", addresses)).toBe(5);
});

test("the guide to backup and restore does and prints what it says, with PostgreSQL's own tools", async () => {
  await using server = await startServer({ version: 15 });
  const addresses = { DATABASE_URL: await server.createDatabase("shop"), RESTORED_DATABASE_URL: await server.createDatabase("restored") };
  expect(await follow("docs/guides/backup-and-restore.md", addresses)).toBe(3);
});
