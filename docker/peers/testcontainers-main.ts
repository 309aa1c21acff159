/**
 * A stack started with the library testcontainers, as a test suite does: `node testcontainers-main.js ORDER`.
 *
 * Exit codes: 0 all services are up; 1 the library gave up, in whose own words standard error says why; 64 the
 * argument is no order; 69 the library is not installed.
 */
import { messageOf } from "../../harness/core/errors.ts";
import {
  testcontainersOrderSchema,
  type TestcontainersOrder,
} from "../../harness/core/runners/testcontainers-order.ts";

const EXIT = { failed: 1, usage: 64, notInstalled: 69 } as const;

/** Loaded when it is wanted: the dependency is optional. */
const load = async () => await import("testcontainers");
type Library = Awaited<ReturnType<typeof load>>;

/** The call that `new Network().start()` makes, with labels of ours: it takes none, and cleanup goes by them. */
const startNetwork = async (
  { getContainerRuntimeClient, StartedNetwork }: Library,
  { name, labels }: TestcontainersOrder["network"],
): Promise<InstanceType<Library["StartedNetwork"]>> => {
  const client = await getContainerRuntimeClient();
  const network = await client.network.create({
    Name: name,
    CheckDuplicate: true,
    Driver: "bridge",
    Internal: false,
    Attachable: false,
    Ingress: false,
    EnableIPv6: false,
    Labels: labels,
  });
  return new StartedNetwork(client, name, network);
};

const startService = async (
  { GenericContainer, Wait }: Library,
  network: InstanceType<Library["StartedNetwork"]>,
  service: TestcontainersOrder["services"][number],
  startupTimeout: TestcontainersOrder["startupTimeout"],
): Promise<void> => {
  const { alias, container, image, command, env, labels, ports, health } = service;
  const wished = new GenericContainer(image)
    .withName(container)
    .withNetwork(network)
    .withNetworkAliases(alias)
    .withLabels(labels)
    .withEnvironment(env)
    .withExposedPorts(...ports)
    .withStartupTimeout(startupTimeout);
  if (command !== null) wished.withCommand([...command]);
  if (health !== null) {
    const { test, interval, timeout, retries, startPeriod } = health;
    const [kind, ...words] = test;
    wished
      .withHealthCheck({
        test: kind === "CMD-SHELL" ? ["CMD-SHELL", words.join(" ")] : ["CMD", ...words],
        ...{ interval, timeout, retries, startPeriod },
      })
      .withWaitStrategy(Wait.forHealthCheck());
  }
  await wished.start();
};

const ordered = (): TestcontainersOrder | null => {
  try {
    return testcontainersOrderSchema.parse(JSON.parse(process.argv[2] ?? ""));
  } catch (error) {
    process.stderr.write(`testcontainers-main: not an order: ${messageOf(error)}\n`);
    return null;
  }
};

const run = async (order: TestcontainersOrder): Promise<number> => {
  const library = await load().catch((error: unknown) => {
    process.stderr.write(`testcontainers is not installed: ${messageOf(error)}\n`);
    return null;
  });
  if (library === null) return EXIT.notInstalled;
  try {
    const network = await startNetwork(library, order.network);
    await Promise.all(
      order.services.map((service) =>
        startService(library, network, service, order.startupTimeout),
      ),
    );
    return 0;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return EXIT.failed;
  }
};

const order = ordered();
// Its connections to the engine are kept alive, and would keep the process.
process.exit(order === null ? EXIT.usage : await run(order));
