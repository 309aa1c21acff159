import { z } from "zod";
import { filterOf } from "./filters.ts";
import { withFault } from "./inject.ts";
import type { Network } from "./networks.ts";
import { EMPTY, json } from "./reply.ts";
import type { Route } from "./route.ts";
import { addressText } from "./subnets.ts";
import type { World } from "./world.ts";

const createSchema = z.object({
  Name: z.string().min(1),
  Driver: z.string().default("bridge"),
  CheckDuplicate: z.boolean().nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
  IPAM: z
    .object({ Config: z.array(z.object({ Subnet: z.string().nullish() })).nullish() })
    .nullish(),
});

const withPrefix = (address: string, { subnet }: Network): string =>
  subnet === null ? "" : `${address}/${subnet.cidr.split("/")[1] ?? ""}`;

const described = (network: Network): Readonly<Record<string, unknown>> => {
  const { subnet } = network;
  const config =
    subnet === null ? [] : [{ Subnet: subnet.cidr, Gateway: addressText(subnet.first + 1) }];
  return {
    Name: network.name,
    Id: network.id,
    Created: network.createdAt.toISOString(),
    Scope: "local",
    Driver: network.driver,
    EnableIPv6: false,
    IPAM: { Driver: "default", Options: null, Config: config },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: "" },
    ConfigOnly: false,
    Options: {},
    Labels: network.labels,
  };
};

const inspected = (network: Network): Readonly<Record<string, unknown>> => ({
  ...described(network),
  Containers: Object.fromEntries(
    [...network.endpoints.values()].map((endpoint) => [
      endpoint.container,
      {
        Name: endpoint.name,
        EndpointID: endpoint.id,
        MacAddress: "",
        IPv4Address: withPrefix(endpoint.address, network),
        IPv6Address: "",
      },
    ]),
  ),
});

export const networkRoutes = (world: World): readonly Route[] => [
  {
    method: "POST",
    path: /^\/networks\/create$/,
    handle: ({ body }) => {
      const wanted = createSchema.parse(body);
      return withFault(world, { operation: "network.create", name: wanted.Name }, () =>
        world.networking.pass(async () => {
          await world.delays.call();
          const { network, warning } = world.networks.create({
            name: wanted.Name,
            driver: wanted.Driver,
            labels: wanted.Labels ?? {},
            subnet: wanted.IPAM?.Config?.[0]?.Subnet ?? null,
            checkDuplicate: wanted.CheckDuplicate ?? false,
          });
          return json(201, { Id: network.id, Warning: warning });
        }),
      );
    },
  },
  {
    method: "GET",
    path: /^\/networks$/,
    handle: ({ query }) => json(200, world.networks.all().filter(filterOf(query)).map(described)),
  },
  {
    method: "GET",
    path: /^\/networks\/([^/]+)$/,
    handle: ({ parameters: [reference = ""] }) =>
      json(200, inspected(world.networks.find(reference))),
  },
  {
    method: "DELETE",
    path: /^\/networks\/([^/]+)$/,
    handle: ({ parameters: [reference = ""] }) => {
      const { name } = world.networks.find(reference);
      return withFault(world, { operation: "network.remove", name }, () =>
        world.networking.pass(async () => {
          await world.delays.call();
          world.networks.remove(world.networks.find(reference));
          return EMPTY;
        }),
      );
    },
  },
];
