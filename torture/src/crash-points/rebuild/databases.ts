import { randomBytes } from "node:crypto";
import pg from "pg";
import type { Server } from "@tidemark/servers";
import type { EventStore, Projection } from "tidemark";
import { administer } from "../../faults/fault.ts";
import { counts, type Happened, type Mode, streams } from "./definitions.ts";
import { Running } from "./running.ts";

/** What a case begins with. `"one"`: version 1 serves. `"built"`: version 2 could serve, too. `"two"`: version 2 serves, and version 1 is kept. */
export type Beginning = "one" | "built" | "two";

/** So that an upsert meets some documents and not one of each version alone. */
const eventsBefore = 30;

/** Databases that cases begin with, each made once. Every case gets a copy: what others do is nothing to its snapshots and locks. */
export class Databases {
  readonly #server: Server;
  readonly #made = new Map<string, Promise<string>>();

  constructor(server: Server) {
    this.#server = server;
  }

  async copy(mode: Mode, beginning: Beginning): Promise<string> {
    return await this.#copyOf(await this.#template(mode, beginning));
  }

  async drop(url: string): Promise<void> {
    await administer(this.#server.url, (client) => client.query(`drop database ${pg.escapeIdentifier(nameIn(url))} with (force)`));
  }

  #template(mode: Mode, beginning: Beginning): Promise<string> {
    const key = `${mode} ${beginning}`;
    const made = this.#made.get(key) ?? this.#make(mode, beginning);
    this.#made.set(key, made);
    return made;
  }

  async #make(mode: Mode, beginning: Beginning): Promise<string> {
    if (beginning === "one") {
      const url = await this.#server.createDatabase();
      await withStore(url, [counts(mode, 1)], async (store) => {
        for (let place = 0; place < eventsBefore; place++) {
          const event: Happened = { type: "Happened", data: { place } };
          await store.appendToStream(streams[place % streams.length] ?? streams[0], [event]);
        }
      });
      return url;
    }
    const url = await this.#copyOf(await this.#template(mode, beginning === "built" ? "one" : "built"));
    await withStore(url, [counts(mode, 1), counts(mode, 2, "manual")], async (store) => {
      if (beginning === "built") await store.projections.rebuild("counts", { swap: "manual" });
      else await store.projections.swap("counts");
    });
    return url;
  }

  async #copyOf(template: string): Promise<string> {
    const name = `case_${randomBytes(6).toString("hex")}`;
    await administer(this.#server.url, (client) => client.query(`create database ${name} template ${pg.escapeIdentifier(nameIn(template))}`));
    const url = new URL(template);
    url.pathname = `/${name}`;
    return url.href;
  }
}

function nameIn(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

/** What a process is called in `pg_stat_activity` and in the server's log. */
export function named(url: string, name: string): string {
  const named = new URL(url);
  named.searchParams.set("application_name", name);
  return named.href;
}

/** Leaves no session behind: a database with one cannot be copied. */
async function withStore(url: string, projections: readonly Projection[], work: (store: EventStore) => Promise<void>): Promise<void> {
  const running = await Running.start(url, projections);
  try {
    await work(running.store);
    await running.caughtUp();
  } finally {
    await running.stop();
  }
  await administer(new URL("/postgres", url).href, async (client) => {
    for (;;) {
      const { rowCount } = await client.query("select from pg_stat_activity where datname = $1 and backend_type = 'client backend'", [nameIn(url)]);
      if (rowCount === 0) return;
      await client.query("select pg_sleep(0.01)");
    }
  });
}
