import { createExplorer, orders, steps, type Reading, type Way } from "./explore.ts";
import { append } from "./open.ts";
import { installPauses, readerPauses, writerPauses, type Edit } from "./steps.ts";
import { describe, expect, test } from "./test.ts";

const ways: readonly Way[] = ["append_many", "append_one", "append_singles"];

function replace(from: string | RegExp, to: string): Edit {
  return (text) => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`There is no ${from} to replace.`);
    return changed;
  };
}

interface Mutant {
  /** The first that shows it. */
  readonly order: string;
  readonly way?: Way;
  readonly reading?: Reading;
  readonly edits: Readonly<Record<string, Edit>>;
}

/** What must not be done. */
const mutants: Readonly<Record<string, Mutant>> = {
  "no floor is published": { order: "AAABRRRA", edits: { hold_floor: replace(/v_kept := case[^;]*;/, "") } },
  "append_many draws positions before its floor": {
    order: "AABRRARA",
    edits: {
      append_many: (text) => {
        const floor = /[^;\n]*\.hold_floor_\w+\(p_epoch\);.*?end if;/s.exec(text)?.[0] ?? "";
        return replace("into written, written_at from stored;", `into written, written_at from stored; ${floor}`)(replace(floor, "")(text));
      },
    },
  },
  "append_singles draws positions before its floor": {
    order: "AABRRARA",
    way: "append_singles",
    edits: {
      append_singles: (text) => {
        const floor = /[^;\n]*\.hold_floor_\w+\(p_epoch\);.*?end if;/s.exec(text)?.[0] ?? "";
        return replace("into positions, written_at from written;", `into positions, written_at from written; ${floor}`)(replace(floor, "")(text));
      },
    },
  },
  "append_one draws its position before its floor": {
    order: "ABRRAARA",
    way: "append_one",
    edits: {
      append_one: (text) => {
        const draw = /nextval\([^)]*\)/.exec(text)?.[0] ?? "";
        return replace(/([^;\n]*\.hold_floor_\w+\(p_epoch\);)/, `v_last := ${draw}; $1`)(replace(draw, "v_last")(text));
      },
    },
  },
  "the floor lies ahead of the sequence": {
    order: "AAABRRRA",
    edits: { hold_floor: replace("v_floor := least(v_floor, v_last);", "v_last := v_last + 32; v_floor := least(v_floor, v_last);") },
  },
  "the reader's sequence lies ahead": {
    order: "ARRAABRA",
    edits: { high_water_mark: replace("into v_log, v_last;", "into v_log, v_last; v_last := v_last + 32;") },
  },
  "the sequence is read after the floors": {
    order: "AARARBRA",
    edits: {
      high_water_mark: (text) =>
        replace(
          "mark := least(mark, v_last);",
          `mark := least(mark, v_last); if mark = v_last then mark := pg_sequence_last_value(${sequenceIn(text)}); end if;`,
        )(text),
    },
  },
  "rows are read in the statement that asks for the mark": { order: "AAARARRB", reading: "in one statement", edits: {} },
  "a floor ahead of the sequence counts as far below it": { order: "RBAAARAR", edits: { high_water_mark: replace(/where distance < [^;]*;/, ";") } },
  "the mark is a number in a gap": { order: "AAARRRAB", edits: { high_water_mark: replace("mark := coalesce(mark, 0);", "mark := coalesce(v_last, 0);") } },
};

function sequenceIn(text: string): string {
  return /'[^']*events_position_seq"'::regclass/.exec(text)?.[0] ?? "";
}

describe("in every order of the steps of an append, of a reader, and of another append between them,", () => {
  test.for(ways)("%s: what the reader passed was complete, and nothing finished held it back", async (way, { store, databaseUrl, schema, sql }) => {
    await installPauses(sql, schema, writerPauses[way]);
    await installPauses(sql, schema, readerPauses);
    await using explorer = await createExplorer(databaseUrl, schema, store, way);
    await append(store, "before");
    const all = [...orders(steps)];
    expect(all.length).toBe(280);
    for (const order of all) expect(await explorer.run(order)).toBeUndefined();
  });

  test.for(Object.entries(mutants))("it would show if %s", async ([, { order, way = "append_many", reading, edits }], { store, databaseUrl, schema, sql }) => {
    await installPauses(sql, schema, writerPauses[way], edits);
    await installPauses(sql, schema, readerPauses, edits);
    await using explorer = await createExplorer(databaseUrl, schema, store, way, reading);
    await append(store, "before");
    expect([...orders(steps)]).toContain(order);
    expect(await explorer.run(order)).toContain(order);
  });
});
