import fc from "fast-check";
import { AppendQueue, type BatchLimits, type Queued } from "../../src/append/queue.ts";
import { describe, expect, test } from "../support/test.ts";

interface Entry extends Queued {
  readonly name: number;
}

const generous: BatchLimits = { appends: 100, events: 1_000, bytes: 1_000_000, tags: 1_000 };
let names = 0;
const plain = { tags: 0, conditional: false, claims: { shared: [], exclusive: [] } };
const entry = (keys: readonly string[], events = 1, bytes = 10): Entry => ({ name: names++, keys, ids: [], events, bytes, ...plain });
/** An entry to a stream of its own, with what its events claim, and its condition. */
const claiming = (shared: readonly string[], exclusive: readonly string[] = []): Entry => ({
  ...entry([`own-${names}`]),
  conditional: exclusive.length > 0,
  claims: { shared, exclusive },
});

function meet({ claims: one }: Entry, { claims: other }: Entry): boolean {
  const needs = (a: Entry["claims"], b: Entry["claims"]): boolean => a.exclusive.some((name) => b.exclusive.includes(name) || b.shared.includes(name));
  return needs(one, other) || needs(other, one);
}

/** The same queue without any cleverness: it looks at everything, every time. */
class NaiveQueue {
  waiting: Entry[] = [];
  readonly busy: Entry[] = [];

  take(limits: BatchLimits): Entry[] {
    const batch: Entry[] = [];
    const left = new Set<string>(this.busy.flatMap((other) => other.keys));
    const before: Entry[] = [];
    let [events, bytes, tags] = [0, 0, 0];
    for (const next of this.waiting) {
      const repeats = next.ids.some((id) => [...this.busy, ...batch].some((other) => other.ids.includes(id)));
      if (repeats || next.keys.some((key) => left.has(key)) || [...this.busy, ...batch, ...before].some((other) => meet(next, other))) {
        for (const key of next.keys) left.add(key);
        before.push(next);
        continue;
      }
      const full = events + next.events > limits.events || bytes + next.bytes > limits.bytes || tags + next.tags > limits.tags;
      if (batch.length === limits.appends || (batch.length > 0 && full)) break;
      batch.push(next);
      events += next.events;
      bytes += next.bytes;
      tags += next.tags;
    }
    this.waiting = this.waiting.filter((other) => !batch.includes(other));
    this.busy.push(...batch);
    return batch;
  }

  free(entries: readonly Entry[]): void {
    for (const other of entries) this.busy.splice(this.busy.indexOf(other), 1);
  }
}

type Step =
  | ({ readonly do: "add" } & Omit<Entry, "name" | "conditional">)
  | ({ readonly do: "take" } & BatchLimits)
  | { readonly do: "release" | "putBack" | "remove"; readonly which: number }
  | { readonly do: "clear" };

const ids = fc.uniqueArray(fc.constantFrom("1", "2", "3", "4"), { maxLength: 2 });
const keys = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e"), { minLength: 1, maxLength: 3 });
const names4 = fc.uniqueArray(fc.constantFrom("w", "x", "y", "z"), { maxLength: 2 });
const claims = fc.record({ shared: names4, exclusive: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: names4 }) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("add" as const), keys, ids, events: fc.nat(5), bytes: fc.nat(5), tags: fc.nat(3), claims }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("take" as const), appends: fc.nat(5), events: fc.nat(8), bytes: fc.nat(8), tags: fc.nat(8) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom("release" as const, "putBack" as const, "remove" as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const) }) },
);

describe("the queue of a group append", () => {
  test("takes, frees and puts back as a queue that looks at everything would", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queue = new AppendQueue<Entry>();
        const naive = new NaiveQueue();
        let age = 0;
        for (const next of steps) {
          if (next.do === "add") {
            const added: Entry = { ...next, conditional: next.claims.exclusive.length > 0, name: age++ };
            queue.add(added);
            naive.waiting.push(added);
          } else if (next.do === "take") {
            const batch = queue.take(next);
            expect(batch).toEqual(naive.take(next));
            if (batch.length > 1) expect(batch.reduce((sum, one) => sum + one.events, 0)).toBeLessThanOrEqual(next.events);
          } else if (next.do === "clear") {
            expect(queue.clear()).toEqual(naive.waiting);
            naive.waiting = [];
          } else if (next.do === "remove") {
            const entries = [...naive.waiting, ...naive.busy];
            const gone = entries[next.which % entries.length];
            if (!gone) continue;
            expect(queue.remove(gone)).toBe(naive.waiting.includes(gone));
            naive.waiting = naive.waiting.filter((other) => other !== gone);
          } else if (naive.busy.length > 0) {
            const first = next.which % naive.busy.length;
            const some = naive.busy.slice(first, first + 2);
            naive.free(some);
            if (next.do === "release") for (const one of some) queue.release(one);
            else {
              queue.putBack(some);
              naive.waiting = [...naive.waiting, ...some].sort((a, b) => a.name - b.name);
            }
          }
          expect(queue.length).toBe(naive.waiting.length);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("keeps the order of a stream's entries and never has a stream in two batches", () => {
    fc.assert(
      fc.property(fc.array(keys, { minLength: 1, maxLength: 60 }), fc.array(fc.nat(3), { minLength: 1 }), (all, freed) => {
        const queue = new AppendQueue<Entry>();
        const entries = all.map((streams) => entry(streams));
        for (const one of entries) queue.add(one);
        const flying: Entry[][] = [];
        const settled: Entry[] = [];
        for (let turn = 0; settled.length < entries.length; turn++) {
          const batch = queue.take({ ...generous, appends: 1 + (freed[turn % freed.length] ?? 0) });
          const others = new Set(flying.flat().flatMap((one) => one.keys));
          expect(batch.flatMap((one) => one.keys).filter((key) => others.has(key))).toEqual([]);
          if (batch.length > 0) flying.push(batch);
          const landed = flying.splice((freed[turn % freed.length] ?? 0) % flying.length, 1)[0] ?? [];
          for (const one of landed) queue.release(one);
          settled.push(...landed);
        }
        expect(settled.map((one) => one.name).sort((a, b) => a - b)).toEqual(entries.map((one) => one.name));
        for (const key of ["a", "b", "c", "d", "e"]) {
          const order = settled.filter((one) => one.keys.includes(key)).map((one) => one.name);
          expect(order).toEqual(order.toSorted((a, b) => a - b));
        }
      }),
    );
  });

  test("takes an entry that is larger than the limits, alone", () => {
    const queue = new AppendQueue<Entry>();
    const [large, small] = [entry(["a"], 50, 50), entry(["b"])];
    queue.add(large);
    queue.add(small);
    const small10 = { appends: 10, events: 10, bytes: 10, tags: 10 };
    expect(queue.take(small10)).toEqual([large]);
    expect(queue.take(small10)).toEqual([small]);
  });

  test("lets several entries of one stream into one batch, and no later one overtake it", () => {
    const queue = new AppendQueue<Entry>();
    const [one, two, three] = [entry(["a"]), entry(["a"]), entry(["a"])];
    for (const each of [one, two, three]) queue.add(each);
    expect(queue.take({ ...generous, appends: 2 })).toEqual([one, two]);
    expect(queue.take(generous)).toEqual([]);
    queue.release(one);
    expect(queue.take(generous)).toEqual([]);
    queue.release(two);
    expect(queue.take(generous)).toEqual([three]);
  });

  test("does not let an entry overtake one of several streams that has to wait for another", () => {
    const queue = new AppendQueue<Entry>();
    const [first, both, second] = [entry(["a"]), entry(["a", "b"]), entry(["b"])];
    queue.add(first);
    expect(queue.take(generous)).toEqual([first]);
    queue.add(both);
    queue.add(second);
    expect(queue.take(generous)).toEqual([]);
    queue.release(first);
    expect(queue.take(generous)).toEqual([both, second]);
  });

  test("puts entries back in front of those that came after them", () => {
    const queue = new AppendQueue<Entry>();
    const [one, two, three] = [entry(["a"]), entry(["b"]), entry(["a"])];
    for (const each of [one, two]) queue.add(each);
    expect(queue.take(generous)).toEqual([one, two]);
    queue.add(three);
    queue.putBack([two, one]);
    expect(queue.take(generous)).toEqual([one, two, three]);
  });

  test("has a condition and what it could fail on neither in one batch nor in two, and lets nobody overtake it", () => {
    const queue = new AppendQueue<Entry>();
    const [writer, condition, other, later] = [claiming(["tag"]), claiming([], ["tag"]), claiming(["other"]), claiming(["tag"])];
    for (const each of [writer, condition, other, later]) queue.add(each);
    expect(queue.take(generous)).toEqual([writer, other]);
    expect(queue.take(generous)).toEqual([]);
    queue.release(writer);
    expect(queue.take(generous)).toEqual([condition]);
    expect(queue.take(generous)).toEqual([]);
    queue.release(condition);
    expect(queue.take(generous)).toEqual([later]);
  });

  test("knows of what was taken before the first condition came", () => {
    const queue = new AppendQueue<Entry>();
    const [writer, condition] = [claiming(["tag"]), claiming([], ["tag"])];
    queue.add(writer);
    expect(queue.take(generous)).toEqual([writer]);
    queue.add(condition);
    expect(queue.take(generous)).toEqual([]);
    queue.release(writer);
    expect(queue.take(generous)).toEqual([condition]);
  });

  test("takes no more tags than a batch may claim, but for an entry that has more by itself", () => {
    const queue = new AppendQueue<Entry>();
    const tagged = (tags: number): Entry => ({ ...claiming([]), tags });
    const [one, two, many] = [tagged(6), tagged(6), tagged(20)];
    for (const each of [one, two, many]) queue.add(each);
    for (const each of [one, two, many]) expect(queue.take({ ...generous, tags: 10 })).toEqual([each]);
  });
});
