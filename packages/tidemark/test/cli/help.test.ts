import packageJson from "../../package.json" with { type: "json" };
import { describe, expect, test } from "../support/test.ts";
import { documentOf, inside, tidemark } from "./run.ts";

const commands = [
  [],
  ["demo"],
  ["migrate"],
  ["migrate", "up"],
  ["migrate", "status"],
  ["migrate", "verify"],
  ["migrate", "chain"],
  ["migrate", "sql"],
  ["migrate", "roles"],
  ["append"],
  ["read"],
  ["tail"],
  ["streams"],
  ["why"],
  ["studio"],
  ["mcp"],
  ["indexes"],
  ["indexes", "list"],
  ["indexes", "create"],
  ["indexes", "drop"],
  ["worker"],
  ["consumers"],
  ["consumers", "list"],
  ["consumers", "show"],
  ["consumers", "pause"],
  ["consumers", "resume"],
  ["consumers", "reset"],
  ["consumers", "rename"],
  ["projections"],
  ["projections", "list"],
  ["projections", "show"],
  ["projections", "pause"],
  ["projections", "resume"],
  ["projections", "deactivate"],
  ["projections", "rebuild"],
  ["projections", "rebuild-document"],
  ["projections", "swap"],
  ["projections", "rollback"],
  ["projections", "drop"],
  ["projections", "check"],
  ["dead-letters"],
  ["dead-letters", "list"],
  ["dead-letters", "show"],
  ["dead-letters", "retry"],
  ["dead-letters", "discard"],
  ["relay"],
  ["relays"],
  ["relays", "list"],
  ["relays", "show"],
  ["relays", "pause"],
  ["relays", "resume"],
  ["relays", "reset"],
  ["audit"],
  ["audit", "list"],
  ["audit", "prune"],
  ["outbox"],
  ["outbox", "list"],
  ["outbox", "stats"],
  ["outbox", "clean-up"],
  ["processes"],
  ["processes", "list"],
  ["processes", "show"],
  ["processes", "retry"],
  ["processes", "cancel"],
  ["timers"],
  ["timers", "list"],
  ["timers", "cancel"],
  ["events"],
  ["events", "list"],
  ["events", "check"],
  ["events", "golden"],
  ["events", "diff"],
  ["events", "schema"],
  ["events", "asyncapi"],
  ["doctor"],
  ["stats"],
  ["health"],
  ["metrics"],
  ["verify"],
  ["import"],
  ["export"],
  ["completion"],
];

describe("the help", () => {
  test.for(commands)("of tidemark %s is what the file of its name holds, with examples", async (command) => {
    const { code, stdout, stderr } = await inside([...command, "--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    await expect(stdout).toMatchFileSnapshot(`./help/${["tidemark", ...command].join("-")}.txt`);
    expect(stdout).toMatch(/\nExamples?[:,]/);
    for (const line of stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(110);
  });

  test("is shown on stderr where no command is given, which is wrong usage", async () => {
    const { code, stdout, stderr } = await tidemark([]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: tidemark [options] [command]");
    const json = await tidemark(["--json"]);
    expect([json.code, documentOf(json)]).toMatchObject([2, { error: { code: "USAGE" } }]);
  });

  test("comes without colour where there is no terminal", async () => {
    const { stdout } = await tidemark(["--help"]);
    expect(stdout).not.toContain("\u001b");
  });
});

test("--version prints the package's version", async () => {
  expect(await tidemark(["--version"])).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: "" });
});

describe("wrong usage ends with 2 and a suggestion", () => {
  test.for([
    { args: ["migrat"], told: "Did you mean migrate?" },
    { args: ["migrate", "verfy"], told: "Did you mean verify?" },
    { args: ["demo", "--evnts", "5"], told: "Did you mean --events?" },
    { args: ["demo", "--events", "3"], told: "a whole number from 100 to 1000000" },
    { args: ["demo", "now"], told: "too many arguments" },
    { args: ["migrate", "up", "--schema", ""], told: "--schema is empty" },
    { args: ["migrate", "up"], told: "--url is missing, and DATABASE_URL is not set" },
    { args: ["migrate", "sql", "--from", "x"], told: "It must be a whole number." },
    { args: ["migrate", "sql", "--from", "999"], told: "must be a whole number from 0 to" },
    { args: ["read", "--typ", "ItemAdded"], told: "Did you mean --type?" },
    { args: ["consumers", "reste", "mailer"], told: "Did you mean reset?" },
    { args: ["consumers", "reset", "mailer"], told: "required option '--after <position>' not specified" },
    { args: ["consumers", "reset", "mailer", "--after", "start"], told: "It must be a position, beginning or end." },
    { args: ["dead-letters", "retry", "mailer"], told: "<letter> is missing. Name one letter, or pass --all" },
    { args: ["worker", "consumers.ts", "--lease", "0"], told: "It must be from 1 to 3600." },
    { args: ["append"], told: "missing required argument 'stream'" },
    { args: ["migrate", "status", "--url", "mysql://localhost"], told: 'got "mysql://"' },
  ])("$args", async ({ args, told }) => {
    const { code, stdout, stderr } = await inside(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(told);
    expect(stderr).not.toContain("    at ");
  });

  test("and with --json one document on stdout says it", async () => {
    const ended = await inside(["migrate", "upp", "--json"]);
    expect([ended.code, documentOf(ended)]).toEqual([2, { error: { code: "USAGE", message: expect.stringContaining("unknown command 'upp'") } }]);
    const option = await inside(["demo", "--events", "3", "--json"]);
    expect([option.code, documentOf(option)]).toEqual([2, { error: { code: "USAGE", message: expect.stringContaining("--events") } }]);
  });
});
