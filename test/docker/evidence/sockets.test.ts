import { createServer } from "node:net";
import { once } from "node:events";
import { expect, test } from "vitest";
import { listeningPorts, parseSocketTable, TCP_STATE } from "../../../docker/evidence/sockets.ts";

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:8003 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 22 1 0 100 0 0 10 0
   1: 0100007F:C350 0100007F:1F90 06 00000000:00000000 03:00000176 00000000     0        0 0 3 0
`;

test("a socket table gives ports and states", () => {
  expect(parseSocketTable(TABLE)).toEqual([
    { localPort: 0x8003, remotePort: 0, state: TCP_STATE.listen },
    { localPort: 50_000, remotePort: 8080, state: TCP_STATE.timeWait },
  ]);
});

test("a listener of this process is seen, a closed one is not", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  expect(await listeningPorts([port, port])).toEqual([port]);
  server.close();
  await once(server, "close");
  expect(await listeningPorts([port])).toEqual([]);
});
