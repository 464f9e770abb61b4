import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { serverAccount } from "./account.ts";
import { handOver, keptFolder } from "./folders.ts";

const version = "4.2.1";
const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
const mostTries = 3;
/** Without these Maven waits half an hour for a connection that says nothing any more. */
const patience = ["-Dmaven.wagon.rto=60000", "-Dmaven.wagon.http.retryHandler.count=3"];

/** Kafka as it is published, with all that it needs. It names the versions of the rest, but for the logging, which it leaves out. */
const project = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>tidemark</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${version}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-core</artifactId>
      <version>2.25.3</version>
    </dependency>
  </dependencies>
</project>
`;

/** Why no Kafka can be started here, in a few words. Undefined: it can. The first call fetches it, which takes a minute. */
export async function kafkaMissing(): Promise<string | undefined> {
  for (const program of ["java", "mvn"])
    if (!existsSync(join("/usr/bin", program))) return `${program} is not installed (Debian: apt-get install default-jre-headless maven)`;
  try {
    await kafkaJars();
    return undefined;
  } catch (error) {
    return `its files cannot be fetched: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The folder with Kafka's jars,, copied from what Maven fetches. */
export async function kafkaJars(): Promise<string> {
  return await keptFolder(`kafka ${version}`, await serverAccount(), async (folder) => {
    // What Maven has fetched stays in its own cache, so that one that was interrupted goes on where it was.
    const work = await mkdtemp(join(tmpdir(), "tidemark-maven-"));
    try {
      await writeFile(join(work, "pom.xml"), project);
      const jars = join(work, "jars");
      const options = ["--batch-mode", "--quiet", ...patience, "-DincludeScope=runtime", `-DoutputDirectory=${jars}`];
      await fetched(() => promisify(execFile)("mvn", [...options, plugin], { cwd: work }));
      await mkdir(folder, { recursive: true });
      for (const jar of await readdir(jars)) await copyFile(join(jars, jar), join(folder, jar));
      await handOver(folder, await serverAccount());
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
}

async function fetched(fetch: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await fetch();
      return;
    } catch (error) {
      if (attempt === mostTries) throw error;
    }
  }
}
