import { describe, expect, test as base } from "../support/test.ts";
import { documentOf, documentsOf, type Ended, inside } from "./run.ts";

const test = base.extend("streams", async ({ openStore, databaseUrl, schema }) => {
  const store = await openStore();
  await store.appendToStreams(
    ["order-1", "cart-2", "cart-1"].map((streamId, n) => ({ streamId, events: Array.from({ length: n + 9 }, () => ({ type: "A", data: {} })) })),
  );
  await store.forTenant("acme").appendToStream("cart-9", [{ type: "A", data: {} }]);
  return (...args: readonly string[]): Promise<Ended> => inside(["streams", ...args, "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
});

describe("tidemark streams", () => {
  test("lists streams by name, within what is asked for", async ({ streams }) => {
    const names = async (...args: readonly string[]): Promise<unknown[]> =>
      documentsOf(await streams("--json", ...args)).map((document) => Reflect.get(Object(document), "streamId"));
    expect(await names()).toEqual(["cart-1", "cart-2", "order-1"]);
    expect(await names("--category", "cart")).toEqual(["cart-1", "cart-2"]);
    expect(await names("--prefix", "o")).toEqual(["order-1"]);
    expect(await names("--after", "cart-1", "--limit", "1")).toEqual(["cart-2"]);
    expect(await names("--tenant", "acme")).toEqual(["cart-9"]);
  });

  test("prints them for people, lined up", async ({ streams }) => {
    const time = "20\\d\\d-\\d\\d-\\d\\dT[\\d:.]+Z";
    expect((await streams()).stdout).toMatch(
      new RegExp(
        `^version  last position  created at {16}stream\n {5}11 {13}11  ${time}  cart-1\n {5}10 {13}21  ${time}  cart-2\n {6}9 {13}30  ${time}  order-1\n$`,
      ),
    );
    expect((await streams("--prefix", "none")).stdout).toBe("");
  });

  test("tells what is known of one, also of one that does not exist", async ({ streams }) => {
    const known = await streams("cart-2", "--json");
    expect([known.code, documentOf(known)]).toEqual([
      0,
      { streamId: "cart-2", category: "cart", exists: true, version: 10, createdAt: expect.stringMatching(/^20.*Z$/), lastPosition: 21 },
    ]);
    expect((await streams("cart-2")).stdout).toMatch(
      /^stream {9}cart-2\ncategory {7}cart\nexists {9}yes\nversion {8}10\ncreated at {5}20.*Z\nlast position {2}21\n$/,
    );
    const unknown = await streams("cart-3", "--json");
    expect([unknown.code, documentOf(unknown)]).toEqual([0, { streamId: "cart-3", category: "cart", exists: false, version: 0 }]);
  });

  test.for([
    [["cart-2", "--limit", "1"], "--limit is for the list of streams"],
    [["--category", "a-b"], '--category holds a "-"'],
    [["--after", ""], "--after is empty"],
    [["", "--json"], "<stream> is empty"],
  ] as const)("%j ends with 2", async ([args, told], { streams }) => {
    expect(await streams(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(told) });
  });
});
