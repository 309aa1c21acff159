import { networkInterfaces } from "node:os";

/** This machine's own IPv4 addresses, those of loopback left out. */
export const hostAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.flatMap(({ family, internal, address }) =>
      family === "IPv4" && !internal ? [address] : [],
    ),
  );
