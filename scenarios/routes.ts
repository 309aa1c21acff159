import type { NamedNetwork, RoutesScenario } from "../harness/core/model.ts";
import { seconds } from "../harness/core/units.ts";

const network = (name: string, wish: Partial<NamedNetwork> = {}): NamedNetwork => ({
  name,
  internal: false,
  gatewayPriority: null,
  ...wish,
});

/** A deployment as in the seed: healthy on its back network first, then attached to the front network while it lives. */
export const routes: RoutesScenario = {
  kind: "routes",
  name: "routes",
  title:
    "an application with open connections on a back network, attached to a front network while it lives",
  variants: [
    {
      name: "app_stage",
      title: "app_stage beside app_stage_internal: the front network sorts before the back network",
      first: network("app_stage_internal"),
      attached: network("app_stage"),
      needsApi: null,
    },
    {
      name: "BACK_FRONT",
      title: "BACK_app_stage and FRONT_app_stage: the back network sorts before the front network",
      first: network("BACK_app_stage"),
      attached: network("FRONT_app_stage"),
      needsApi: null,
    },
    {
      name: "internal-back",
      title: "names as in app_stage, and the back network is internal",
      first: network("app_stage_internal", { internal: true }),
      attached: network("app_stage"),
      needsApi: null,
    },
    {
      name: "gateway-priority",
      title: "names as in app_stage, and the back network is told to give the gateway",
      first: network("app_stage_internal", { gatewayPriority: 1 }),
      attached: network("app_stage"),
      needsApi: "1.48",
    },
    {
      name: "reversed",
      title: "names as in app_stage, attached the other way round: on the front network first",
      first: network("app_stage"),
      attached: network("app_stage_internal"),
      needsApi: null,
    },
    {
      name: "one-network",
      title: "nothing attached: the application and its proxy share the one network",
      first: network("app_stage"),
      attached: null,
      needsApi: null,
    },
  ],
  watchFor: seconds(5),
};
