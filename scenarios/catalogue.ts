import type { Scenario } from "../harness/core/model.ts";
import { datapath } from "./datapath.ts";
import { routes } from "./routes.ts";
import { stacks } from "./stacks.ts";

/** Every scenario by name; a new one is a file beside this and a line here. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = { stacks, routes, datapath };
