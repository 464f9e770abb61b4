import { PassThrough, Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { IndexReport } from "../../src/cli/index-report.ts";
import { RebuildReport } from "../../src/cli/rebuild-report.ts";
import { Terminal } from "../../src/cli/terminal.ts";
import type { IndexProgress, RebuildProgress } from "../../src/index.ts";

/** A terminal, and what was written to it. */
function terminalOf(watched: boolean): { readonly terminal: Terminal; readonly said: () => string; readonly told: () => string } {
  const [stdout, stderr] = [new PassThrough(), Object.assign(new PassThrough(), { isTTY: watched })];
  const textOf = (stream: PassThrough): string => String(stream.read() ?? "");
  return {
    terminal: new Terminal({ stdin: Readable.from([]), stdout, stderr, env: {}, cwd: () => process.cwd() }),
    said: () => textOf(stderr),
    told: () => textOf(stdout),
  };
}

const half: RebuildProgress = { state: "building", events: 100, total: 200, perSecond: 50, remainingMs: 2_000, waitingFor: [] };

describe("how a rebuild goes", () => {
  test("is a bar on a terminal, which fills and is taken away", () => {
    const { terminal, said, told } = terminalOf(true);
    const report = new RebuildReport(terminal, false);
    report.show(half);
    expect(said()).toBe("\r  ████████████░░░░░░░░░░░░ 50 %, 100 events, 50 a second, 2 s left\u001b[K");
    report.show({ ...half, state: "checking", events: 200, remainingMs: undefined });
    expect(said()).toBe("\r  ████████████████████████ 100 %, 200 events, 50 a second: checking\u001b[K");
    report.show({ ...half, state: "ready", events: 200, remainingMs: undefined, waitingFor: ["process 7"] });
    expect(said()).toBe("\r  ████████████████████████ 100 %, 200 events, 50 a second: waiting for process 7\u001b[K");
    report.end();
    expect(said()).toBe("\r\u001b[K");
    report.end();
    expect([said(), told()]).toEqual(["", ""]);
  });

  test("is a line for each state elsewhere, and a document with --json", () => {
    const piped = terminalOf(false);
    const report = new RebuildReport(piped.terminal, false);
    report.show(half);
    report.show({ ...half, state: "ready", events: 200, remainingMs: undefined });
    report.end();
    expect(piped.said()).toBe("  50 %, 100 events, 50 a second, 2 s left\n  100 %, 200 events, 50 a second\n");
    new RebuildReport(piped.terminal, true).show({ ...half, remainingMs: undefined });
    expect(JSON.parse(piped.told())).toEqual({ event: "progress", ...half, remainingMs: null });
    // A log without events is built at once.
    report.show({ ...half, events: 0, total: 0, remainingMs: undefined });
    expect(piped.said()).toContain("100 %, 0 events");
  });
});

test("how an index is built is told phase by phase, with whom it waits for", () => {
  const { terminal, said } = terminalOf(true);
  const report = new IndexReport(terminal);
  const scanning: IndexProgress = { index: "i", phase: "building index: scanning table", fraction: 0.5, waitingFor: undefined };
  report.show(scanning);
  expect(said()).toBe("\r  i: building index: scanning table, 50 %\u001b[K");
  const waitingFor = { pid: 7, application: "psql", since: new Date(0) };
  report.show({ ...scanning, phase: "waiting for old snapshots", fraction: undefined, waitingFor });
  expect(said()).toBe("\r  i: waiting for old snapshots, for process 7 (psql, its transaction open since 1970-01-01T00:00:00.000Z)\u001b[K");
  report.end();
  expect(said()).toBe("\r\u001b[K");
  const piped = terminalOf(false);
  const lines = new IndexReport(piped.terminal);
  lines.show({ ...scanning, waitingFor: { pid: 7, application: undefined, since: undefined } });
  lines.end();
  expect(piped.said()).toBe("  i: building index: scanning table, 50 %, for process 7\n");
});
