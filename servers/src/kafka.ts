import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { serverAccount } from "./account.ts";
import { type Broker, type BrokerProgram, startBroker } from "./broker.ts";
import { createCertificate } from "./certificates.ts";
import { type Cuts, startCuts } from "./cuts.ts";
import { kafkaJars } from "./kafka-jars.ts";
import { freePort } from "./port.ts";

/** An Apache Kafka of one node, which is broker and controller. */
export interface Kafka extends Broker {
  /** `host:port`, without authentication. */
  readonly address: string;
  /** The same through `cuts`. */
  readonly cuttable: string;
  /** A proxy in front of it. */
  readonly cuts: Cuts;
  /** `host:port` with TLS and SASL PLAIN. */
  readonly secured: { readonly address: string; readonly authority: string; readonly username: string; readonly password: string };
  /** Starts a second broker of its cluster, which has the id 2. Dispose of that one first. */
  join(): Promise<Broker>;
}

const run = promisify(execFile);
const clusterId = "AAAAAAAAAAAAAAAAAAAAAQ";
const heap = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];

type Settings = Readonly<Record<string, string | number | boolean>>;

function ofEachNode(folder: string): Settings {
  return {
    "log.dirs": join(folder, "data"),
    "auto.create.topics.enable": true,
    "num.partitions": 3,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "group.initial.rebalance.delay.ms": 0,
    "num.network.threads": 1,
    "num.io.threads": 2,
  };
}

/** Starts a Kafka. It ends when it is disposed of or this process ends. @throws if `kafkaMissing` has a reason. */
export async function startKafka(): Promise<Kafka> {
  const jars = await kafkaJars();
  const java = { file: "java", classpath: ["-cp", join(jars, "*")] };
  const [controllerPort, securedPort, cuttablePort] = [await freePort(), await freePort(), await freePort()];
  const cuts = await startCuts(cuttablePort);
  const { authority, server } = await createCertificate("localhost");
  const secured = { address: `localhost:${securedPort}`, authority, username: "tidemark", password: "s3cret of the relay" };
  const login = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${secured.username}="${secured.password}";`;
  const inOneLine = (pem: string): string => pem.trim().replaceAll("\n", " ");
  const settingsOf = (folder: string, port: number): Settings => ({
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAIN://127.0.0.1:${port},CUT://127.0.0.1:${cuttablePort},SECURED://127.0.0.1:${securedPort},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAIN://127.0.0.1:${port},CUT://127.0.0.1:${cuts.port},SECURED://${secured.address}`,
    "listener.security.protocol.map": "PLAIN:PLAINTEXT,CUT:PLAINTEXT,SECURED:SASL_SSL,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAIN",
    "listener.name.secured.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.secured.plain.sasl.jaas.config": login,
    "listener.name.secured.ssl.keystore.type": "PEM",
    "listener.name.secured.ssl.keystore.certificate.chain": inOneLine(server.certificate),
    "listener.name.secured.ssl.keystore.key": inOneLine(server.key),
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": true,
    "super.users": "User:ANONYMOUS",
    ...ofEachNode(folder),
  });
  const nodeOf = (settings: (folder: string, port: number) => Settings): BrokerProgram => ({
    name: "kafka",
    command: async (folder, port) => {
      const file = join(folder, "server.properties");
      if (!existsSync(file)) {
        await writeFile(
          file,
          Object.entries(settings(folder, port)).map(([name, value]) => `${name}=${value}\n`),
        );
        const format = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", file];
        await run(java.file, [...heap, ...java.classpath, ...format], { cwd: folder, ...(await serverAccount()) });
      }
      return { file: java.file, args: [...heap, ...java.classpath, "kafka.Kafka", file] };
    },
  });
  const broker = await startBroker(nodeOf(settingsOf));
  return Object.assign(Object.create(broker), {
    address: `127.0.0.1:${broker.port}`,
    cuttable: `127.0.0.1:${cuts.port}`,
    cuts,
    secured,
    join: () =>
      startBroker(
        nodeOf((folder, port) => ({
          "process.roles": "broker",
          "node.id": 2,
          "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
          listeners: `PLAIN://127.0.0.1:${port}`,
          "listener.security.protocol.map": "PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT",
          "controller.listener.names": "CONTROLLER",
          "inter.broker.listener.name": "PLAIN",
          "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
          "allow.everyone.if.no.acl.found": true,
          "super.users": "User:ANONYMOUS",
          ...ofEachNode(folder),
        })),
      ),
    async [Symbol.asyncDispose]() {
      await broker[Symbol.asyncDispose]();
      await cuts[Symbol.asyncDispose]();
    },
  });
}
