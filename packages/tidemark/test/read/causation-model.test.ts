import fc from "fast-check";
import type { CausedEvent, EventStore } from "../../src/index.ts";
import { expect, test } from "../support/test.ts";

/** An event of the forest: its cause is an event by number, perhaps a later one or itself, or a text that is no event's id, or none. */
interface Planted {
  readonly id: string;
  readonly cause: string | undefined;
}

interface Drawing {
  readonly id: string;
  readonly effects: readonly Drawing[];
  readonly cut: boolean;
}

/** What `readCausation` has to give, worked out from all events at once. */
function expected(forest: readonly Planted[], id: string, depth: number, limit: number) {
  const byId = new Map(forest.map((planted) => [planted.id, planted]));
  const causes: string[] = [];
  for (let cause = byId.get(id)?.cause; cause !== undefined && byId.has(cause) && cause !== id && !causes.includes(cause); cause = byId.get(cause)?.cause)
    causes.push(cause);
  const effectsOf = (cause: string): readonly string[] => forest.filter((planted) => planted.cause === cause && planted.id !== id).map((planted) => planted.id);
  const shown = new Map<string, string[]>([[id, []]]);
  let level = [id];
  for (let below = 0; below < depth; below++) {
    const next: string[] = [];
    for (const cause of level) {
      for (const effect of effectsOf(cause)) {
        if (shown.size - 1 === limit) break;
        shown.get(cause)?.push(effect);
        shown.set(effect, []);
        next.push(effect);
      }
    }
    level = next;
  }
  const draw = (one: string): Drawing => ({
    id: one,
    effects: (shown.get(one) ?? []).map(draw),
    cut: effectsOf(one).length > (shown.get(one)?.length ?? 0),
  });
  const complete = causes.length <= depth && [...shown].every(([one, effects]) => effects.length === effectsOf(one).length);
  return { tree: draw(id), causes: causes.slice(0, depth), causesCut: causes.length > depth, complete };
}

function drawingOf({ event, effects, cut }: CausedEvent): Drawing {
  return { id: event.id, effects: effects.map(drawingOf), cut: cut ?? false };
}

async function plant(store: EventStore, forest: readonly Planted[]): Promise<void> {
  const event = ({ id, cause }: Planted): object => ({ id, type: "Grown", data: {}, metadata: cause === undefined ? {} : { causationId: cause } });
  await store.appendToStream(
    "forest",
    forest.map((planted) => Object(event(planted))),
  );
}

test("the causation of any event of any forest is what the causes of its events say", async ({ store }) => {
  await store.indexes.create("causation");
  const forests = fc.array(fc.oneof({ arbitrary: fc.nat(29), weight: 6 }, fc.constantFrom("none", "command 7", "00000000-0000-7000-8000-ffffffffffff")), {
    minLength: 1,
    maxLength: 30,
  });
  let tenants = 0;
  await fc.assert(
    fc.asyncProperty(
      forests,
      fc.nat(29),
      fc.oneof(fc.nat(6), fc.constant(1_000)),
      fc.oneof(fc.nat(12), fc.constant(10_000)),
      async (shape, chosen, depth, limit) => {
        const ids = shape.map(() => crypto.randomUUID());
        const forest = shape.map((cause, n) => ({
          id: ids[n] ?? "",
          cause: typeof cause === "number" ? ids[cause % ids.length] : cause === "none" ? undefined : cause,
        }));
        const id = ids[chosen % ids.length] ?? "";
        const view = store.forTenant(`forest ${++tenants}`);
        await plant(view, forest);
        const { causes, causesCut, complete, ...tree } = await view.readCausation(id, { depth, limit });
        expect({ tree: drawingOf(tree), causes: causes.map((cause) => cause.id), causesCut: causesCut ?? false, complete }).toEqual(
          expected(forest, id, depth, limit),
        );
      },
    ),
    { numRuns: 150 },
  );
});
