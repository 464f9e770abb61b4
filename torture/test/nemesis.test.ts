import pg from "pg";
import { startServer } from "@tidemark/servers";
import { expect, test } from "vitest";
import { strike } from "../src/run/nemesis.ts";

/** A fault that ends its own session the first so many times. */
function cutOff(times: number): { readonly name: string; strike(arena: { readonly url: string }): Promise<void>; done: number } {
  return {
    name: "unlucky",
    done: 0,
    async strike({ url }) {
      const client = new pg.Client({ connectionString: url });
      client.on("error", () => {});
      await client.connect();
      try {
        this.done++;
        await client.query(this.done <= times ? "select pg_terminate_backend(pg_backend_pid())" : "select 1");
      } finally {
        await client.end();
      }
    },
  };
}

test("a fault whose session is cut off is done again, and one that fails otherwise, or again and again, ends the run", async () => {
  await using server = await startServer();
  const twice = cutOff(2);
  await strike(twice, server);
  expect(twice.done).toBe(3);

  const unlucky = cutOff(Number.POSITIVE_INFINITY);
  await expect(strike(unlucky, server)).rejects.toThrow('The fault "unlucky" could not be done or healed.');
  expect(unlucky.done).toBe(3);

  const wrong = { name: "wrong", strike: () => Promise.reject(new TypeError("no such thing")) };
  await expect(strike(wrong, server)).rejects.toThrow('The fault "wrong" could not be done or healed.');
});
