// `npm run models`: searches all states of every model, and of every mutant. The last line is "N passed, N failed".
//
//   npm run models -- shards resend     these alone
//   npm run models -- --deep            at larger sizes too, and with each guard of which there is one more than needed left out
import { parseArgs } from "node:util";
import { type Macros, type Model, readModels } from "./model.ts";
import { type Search, search } from "./spin.ts";

const { values, positionals } = parseArgs({ options: { deep: { type: "boolean", default: false } }, allowPositionals: true });
const tally = { passed: 0, failed: 0 };

function tell(what: string, problem: string | undefined, { states, seconds }: Search): void {
  tally[problem === undefined ? "passed" : "failed"]++;
  const told = `${what.padEnd(66)} ${states.toLocaleString("en").padStart(11)} states ${seconds.toFixed(1).padStart(6)} s`;
  console.log(problem === undefined ? `✓ ${told}` : `✗ ${told}  ${problem}`);
}

/** All sizes hold, and together they reach every statement: what is never reached is not checked. */
async function checkModel(model: Model, sizes: readonly Macros[]): Promise<void> {
  const reaches: Search["unreached"][] = [];
  for (const [index, macros] of sizes.entries()) {
    const found = await search(model.file, macros, true);
    reaches.push(found.unreached);
    const idle = index === sizes.length - 1 ? found.unreached.filter((place) => reaches.every((unreached) => unreached.includes(place))) : [];
    const problem = found.broken === undefined ? idle.length > 0 && `nothing reaches ${idle.join("; ")}` : `breaks ${found.broken}`;
    tell(`${model.name} ${macros.join(" ")}`, problem || undefined, found);
  }
}

/** A mutant is refused by the invariant that its model says, at one of the sizes at least. */
async function checkMutants({ name, file, sizes, mutants }: Model): Promise<void> {
  for (const mutant of mutants) {
    let found: Search | undefined;
    for (const macros of sizes) {
      found = await search(file, [...macros, `MUTANT_${mutant.name}`], false);
      if (found.broken !== undefined) break;
    }
    if (!found) continue;
    const { broken } = found;
    const expected = broken !== undefined && mutant.breaks.includes(broken);
    tell(`${name} refuses ${mutant.name}`, expected ? undefined : broken === undefined ? "passes" : `breaks ${broken}, not ${mutant.breaks.join(", ")}`, found);
  }
}

async function checkSpare({ name, file, sizes, spare }: Model): Promise<void> {
  for (const guard of spare) {
    for (const macros of sizes) {
      const found = await search(file, [...macros, `MUTANT_${guard}`], true);
      tell(`${name} bears ${guard}`, found.broken === undefined ? undefined : `breaks ${found.broken}`, found);
    }
  }
}

const models = await readModels();
const unknown = positionals.filter((name) => !models.some((model) => model.name === name));
if (unknown.length > 0) throw new Error(`No model is called ${unknown.join(", ")}. There are ${models.map(({ name }) => name).join(", ")}.`);

for (const model of models.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  await checkModel(model, values.deep ? [...model.sizes, ...model.deep] : model.sizes);
  await checkMutants(model);
  if (values.deep) await checkSpare(model);
}
console.log(`${tally.passed} passed, ${tally.failed} failed`);
if (tally.failed > 0) process.exitCode = 1;
