import { filterOf } from "./filters.ts";
import { EMPTY, json } from "./reply.ts";
import type { Route } from "./route.ts";
import type { Volume } from "./volumes.ts";
import type { World } from "./world.ts";

const described = ({ name, labels, createdAt }: Volume): Readonly<Record<string, unknown>> => ({
  Name: name,
  Driver: "local",
  Mountpoint: `/simulated/volumes/${name}/_data`,
  CreatedAt: createdAt.toISOString(),
  Labels: labels,
  Options: null,
  Scope: "local",
});

export const volumeRoutes = (world: World): readonly Route[] => [
  {
    method: "GET",
    path: /^\/volumes$/,
    handle: ({ query }) => {
      const filter = filterOf(query);
      const listed = world.volumes.all().filter((volume) => filter({ ...volume, id: volume.name }));
      return json(200, { Volumes: listed.map(described), Warnings: null });
    },
  },
  {
    method: "DELETE",
    path: /^\/volumes\/([^/]+)$/,
    handle: ({ parameters: [name = ""] }) => {
      world.volumes.remove(name);
      return EMPTY;
    },
  },
  {
    method: "POST",
    path: /^\/volumes\/prune$/,
    handle: () => json(200, { VolumesDeleted: world.volumes.prune(), SpaceReclaimed: 0 }),
  },
];
