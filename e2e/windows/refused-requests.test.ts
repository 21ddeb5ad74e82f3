// What strangers may send to the bridge, here by a program of its user, as Windows knows it. The bridge on
// Linux is sent the same, and more (`bridge/tests/bridge/hostile.rs`).

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { afterEach, beforeAll, expect, test } from "vitest";
import { inProject } from "../paths.ts";
import { BRIDGE_PORT, RELAY_PORT } from "../ports.ts";
import { setUp } from "../set-up.ts";
import { WINDOWS } from "../workstation/wine.ts";
import { Workstation } from "../workstation/workstation.ts";

type Headers = [name: string, value: string][];

/** Requests, and the status by which each is refused; each is what is usual but for some headers. */
interface Vectors {
  usual: Headers;
  requests: { what: string; line: string; headers: Headers; status: number }[];
}

const file = inProject("vectors/wire/refused-requests.json");
const { usual, requests }: Vectors = JSON.parse(readFileSync(file, "utf8"));
const [, [, origin]] = usual as [Headers[0], Headers[0]];

const workstation = setUp(new Workstation(undefined, undefined, WINDOWS));
let logged: number;

beforeAll(async () => {
  const { card } = workstation;
  const scopes = ["events", "authenticate"];
  await workstation.startBridge({ origin, scopes, virtualCard: card });
  logged = workstation.bridge.output.length;
});

afterEach(() => expect(workstation.bridge.output.slice(logged)).not.toContain(" command="));

test.each(requests)("it refuses $what", async ({ line, headers, status }) => {
  const socket = send(line, headers);
  let answer = "";
  socket.on("data", (text) => {
    answer += text;
  });
  await once(socket, "close");
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.[01] ${status} `));
  const [, body] = answer.split("\r\n\r\n");
  expect(body).toBe("");
  expect(answer).not.toMatch(/access-control-|server:/i);
});

test("it lets a listed page in, whatever was sent before", async () => {
  const socket = send("GET / HTTP/1.1", []);
  const [answer] = await once(socket, "data");
  socket.destroy();
  expect(answer).toMatch(/^HTTP\/1\.1 101 /);
});

/** Sends a request, from which the usual headers are missing that have another value here. */
function send(line: string, headers: Headers) {
  const others = usual.filter(([name]) => !headers.some(([other]) => other === name));
  const sent = [...others, ...headers.filter(([, value]) => value)];
  const request = [line, ...sent.map(([name, value]) => `${name}: ${value}`), "", ""].join("\r\n");
  const socket = connect(RELAY_PORT, "127.0.0.1").setEncoding("utf8");
  // The bridge may hang up before all is said.
  socket.on("error", () => {});
  socket.write(request.replaceAll("PORT", String(BRIDGE_PORT)));
  return socket;
}
