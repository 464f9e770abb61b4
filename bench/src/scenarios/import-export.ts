import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { migrationSql } from "tidemark";
import { runSql } from "../databases.ts";
import type { Sample } from "../sample.ts";
import type { Contestant, Scenario, Setting } from "../scenario.ts";
import { openBareReads } from "../subjects/bare-reads.ts";
import { type CommandRun, runCommand } from "../subjects/command-line.ts";
import { copyIn } from "../subjects/copy-in.ts";
import { type TransferFiles, writeTransferFiles } from "../subjects/transfer-files.ts";

/** One measurement takes as long as it takes, so that a few must do, and the warming up is one of them. */
const mostRuns = 3;

async function openFolder(setting: Setting): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-bench-"));
  setting.cleanup.defer(() => rm(folder, { recursive: true }));
  return folder;
}

async function writeFiles(setting: Setting, path: string, events: number): Promise<TransferFiles> {
  const count = setting.quick ? events / 20 : events;
  setting.progress(`writing a file of ${count} events`);
  return writeTransferFiles(path, count);
}

/** Does `work` for each measurement, at most a few times, and takes those figures again after that. */
function longWork(name: string, work: (run: number) => Promise<Sample>): Contestant {
  const samples: Sample[] = [];
  let calls = 0;
  return {
    name,
    async measure() {
      const run = calls++ % mostRuns;
      return (samples[run] ??= await work(run));
    },
  };
}

function sampleOf(events: number, seconds: number): Sample {
  return { events, seconds, latencies: [seconds * 1_000] };
}

async function timed(events: number, work: () => Promise<unknown>): Promise<Sample> {
  const started = performance.now();
  await work();
  return sampleOf(events, (performance.now() - started) / 1_000);
}

export const importFile: Scenario = {
  number: 16,
  title: "Import a million events",
  about:
    "100,000 carts of ten events, a thousand of them filled at the same time, from a file of NDJSON, by `tidemark import` with the start of its process. COPY: the same rows into the same tables with their indexes, in one transaction, from memory.",
  async prepare(setting) {
    const url = await setting.createDatabase();
    const path = join(await openFolder(setting), "events.ndjson");
    const { events, streamRows, eventRows } = await writeFiles(setting, path, 1_000_000);
    const pool = new pg.Pool({ connectionString: url });
    setting.cleanup.defer(() => pool.end());
    const inSchema = async (work: (schema: string) => Promise<Sample>): Promise<Sample> => {
      await runSql(url, `begin; ${migrationSql({ schema: "transfer" })}; commit`);
      const sample = await work("transfer");
      await runSql(url, "drop schema transfer cascade");
      return sample;
    };
    const copies = [
      ...streamRows.map((rows) => ({ into: "transfer.streams (id, tenant, name)", rows })),
      ...eventRows.map((rows) => ({ into: "transfer.events (position, stream_id, version, id, recorded_at, type, data)", rows })),
    ];
    return [
      {
        label: `${events.toLocaleString("en")} events`,
        subject: "tidemark import",
        contestants: [
          longWork("tidemark import", () =>
            inSchema(async (schema) => sampleOf(events, (await runCommand(["import", path, "--schema", schema], url)).seconds)),
          ),
          longWork("COPY", () =>
            inSchema(() =>
              timed(events, () =>
                copyIn(
                  pool,
                  copies.map((copy) => copy),
                ),
              ),
            ),
          ),
        ],
        // Streams are looked up and locked, versions read, and 250 groups flushed: docs/design/import.md.
        targets: [{ against: "COPY", atLeast: 0.6 }],
      },
    ];
  },
};

/** A database with the events of a file. */
async function openImported(setting: Setting, events: number): Promise<{ readonly url: string; readonly folder: string; readonly events: number }> {
  const url = await setting.createDatabase();
  const folder = await openFolder(setting);
  const file = await writeFiles(setting, join(folder, "events.ndjson"), events);
  setting.progress("importing it");
  await runCommand(["import", join(folder, "events.ndjson")], url);
  await runSql(url, "vacuum analyze");
  return { url, folder, events: file.events };
}

export const exportFile: Scenario = {
  number: 17,
  title: "Export a million events",
  about:
    "The log of scenario 16 into a file, by `tidemark export` with the start of its process. Cursor: FETCH of 1,000 rows by the bare driver, and JSON.stringify of an object for each, into a file.",
  async prepare(setting) {
    const { url, folder, events } = await openImported(setting, 1_000_000);
    const bare = openBareReads(url);
    setting.cleanup.defer(() => bare.close());
    const toFile = async (): Promise<void> => {
      await using file = await open(join(folder, "cursor.ndjson"), "w");
      await bare.writeAll(async (text) => void (await file.write(text)));
    };
    return [
      {
        label: `${events.toLocaleString("en")} events`,
        subject: "tidemark export",
        contestants: [
          longWork("tidemark export", async () => sampleOf(events, (await runCommand(["export", join(folder, "export.ndjson"), "--force"], url)).seconds)),
          longWork("cursor", () => timed(events, toFile)),
        ],
        targets: [{ against: "cursor", atLeast: 0.7 }],
      },
    ];
  },
};

export const transferMemory: Scenario = {
  number: 18,
  title: "Memory of importing and exporting",
  about: "The most memory that the process of `tidemark import` and that of `tidemark export` had at a time, with a million events.",
  unit: "MiB",
  async prepare(setting) {
    const { url, folder } = await openImported(setting, 1_000_000);
    const peak = async (run: Promise<CommandRun>): Promise<Sample> => {
      const { peakMiB, seconds } = await run;
      return { events: peakMiB, seconds: 1, latencies: [seconds * 1_000] };
    };
    return [
      {
        label: "peak",
        subject: "tidemark import",
        contestants: [
          longWork("tidemark import", (run) => peak(runCommand(["import", join(folder, "events.ndjson"), "--schema", `memory_${run}`], url))),
          longWork("tidemark export", () => peak(runCommand(["export", join(folder, "export.ndjson"), "--force"], url))),
        ],
        targets: [
          { of: "tidemark import", atMost: 250 },
          { of: "tidemark export", atMost: 250 },
        ],
      },
    ];
  },
};
