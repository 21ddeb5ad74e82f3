import { randomInt } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";

/** Where pages look for the bridge first, and it is: here is one user only. */
export const BRIDGE_PORT = 27390;

/** Where it is if another user's has that. */
export const NEXT_BRIDGE_PORT = 27391;

/**
 * Where the bridge of a second workstation listens, which here has its loopback in common with the first:
 * none of the ports at which pages look.
 */
export const SECOND_BRIDGE_PORT = 27394;

/** Where the browser goes instead, if a program stands between it and the bridge. */
export const RELAY_PORT = 27395;

/**
 * Where the first virtual reader waits for its card; the second waits at the next port. Not where
 * Debian has them wait: ports from 32768 on are given to outgoing connections, and one of those that
 * had the reader's port would keep it from starting for a minute after its end.
 */
export const READER_PORT = 27400;

/** A port for a server that is started later: one that no outgoing connection is given till then. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer();
    const port = await listen(server, randomInt(20_000, 27_000)).catch(() => undefined);
    if (port === undefined) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}

/** Has a server listen on this machine, at a port of the system's choice if at no other. Returns the port. */
export async function listen(server: Server, port = 0): Promise<number> {
  await once(server.listen(port, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}
