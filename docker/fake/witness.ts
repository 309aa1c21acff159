/**
 * Looks at the simulated machine as the real witness looks at a real one.
 */
import { z } from "zod";
import {
  countersSchema,
  portsSeenSchema,
  sightSchema,
  UNCOUNTED,
  type PortsSeen,
  type Question,
  type Sight,
} from "../../harness/core/evidence.ts";
import type { Witness } from "../../harness/core/ports.ts";
import { askFake } from "./ask.ts";
import { FAKE_PATHS } from "./fake-api.ts";

const lines = z.array(z.string());

/** What is seen where the simulation itself is gone. */
const blind = (question: Question): Sight => {
  switch (question.about) {
    case "port":
      return {
        ...question,
        ...{ host: null, engine: null, forwards: null, containers: null, rules: null },
        ...{ otherEngines: null, unprivilegedStart: null },
      };
    case "subnets":
      return { ...question, networks: null };
    case "name":
      return { ...question, holders: null };
    case "daemon":
      return { about: "daemon", state: "gone", pid: null, answers: false, goroutines: null };
  }
};

const NO_PORTS: PortsSeen = { forwards: null, engineListening: null };

/** @param socketPath - of the fake engine */
export const fakeWitness = (socketPath: string): Witness => {
  let linesRead = 0;
  const seen = async <Seen>(path: string, schema: z.ZodType<Seen>, blindly: Seen): Promise<Seen> =>
    await askFake({ socketPath, path }).then(
      (answer) => schema.parse(answer),
      () => blindly,
    );
  return {
    look: async (question) => {
      const query = new URLSearchParams({ question: JSON.stringify(question) }).toString();
      return await seen(`${FAKE_PATHS.sight}?${query}`, sightSchema, blind(question));
    },
    ports: () => seen(FAKE_PATHS.ports, portsSeenSchema, NO_PORTS),
    counters: () => seen(FAKE_PATHS.counters, countersSchema, UNCOUNTED),
    // A simulation has no programs whose time would mean anything.
    processor: () => Promise.resolve(null),
    log: async () => {
      const path = `${FAKE_PATHS.log}?from=${String(linesRead)}`;
      const read = await seen(path, lines.nullable(), null);
      linesRead += read?.length ?? 0;
      return read;
    },
  };
};
