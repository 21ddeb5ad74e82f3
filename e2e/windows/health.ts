import { get } from "node:http";
import { BRIDGE_PORT, RELAY_PORT } from "../ports.ts";

/**
 * The status that the bridge gives to whoever comes in at this port, by the relay if left out; or how it
 * hangs up.
 */
export function health(port = RELAY_PORT): Promise<number | string | undefined> {
  const headers = { host: `127.0.0.1:${BRIDGE_PORT}` };
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port, path: "/health", headers, agent: false });
    request.once("response", (response) => resolve(response.resume().statusCode));
    request.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}
