// Signs people in with the PIN of their My Number Card. `npm install kazashi` is all that it needs.

import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { parseArgs } from "node:util";
// #region server
import { KazashiError, newNonce, verify } from "kazashi/verify";

/** POST /nonce */
function giveNonce(session) {
  session.nonce = newNonce(); // for this session, and one use
  return { nonce: session.nonce };
}

/** POST /sign-in */
async function signIn(session, { token }) {
  const { nonce } = session;
  delete session.nonce; // before it is used, whatever comes of it
  if (!nonce) throw new KazashiError("nonce-expired");
  const result = await verify(token, { origin, nonce, method: "pin" }, trust);
  session.person = result.subject; // this person, to this server only
  // Good, or not checked and why; if revoked, there was an error.
  return { person: session.person, revocation: result.revocation };
}
// #endregion server

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    // How browsers name this server, if TLS is in front of it: https://portal.example
    origin: { type: "string" },
    // CA certificates of JPKI, PEM or DER
    authorities: { type: "string", multiple: true, default: [] },
    // 32 or more secret random bytes, kept as long as the accounts; new ones each time, if left out
    "pairwise-key": { type: "string" },
    // Test cards, and the virtual card: never in production
    "accept-test-hierarchy": { type: "boolean", default: false },
  },
});
const port = Number(options.port);
// As browsers send it, however it was written.
const { origin } = new URL(options.origin ?? `http://127.0.0.1:${port}`);
const pairwiseKey = options["pairwise-key"];
const trust = {
  authorities: await Promise.all(options.authorities.map((file) => readFile(file))),
  pairwiseKey: pairwiseKey ? await readFile(pairwiseKey) : randomBytes(32),
  acceptTestHierarchy: options["accept-test-hierarchy"],
};

/** Everything that the page loads, by its path: its own files, and those of the package. */
const files = new Map();
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};
for (const [path, folder] of [
  ["/", new URL("page/", import.meta.url)],
  ["/kazashi/", new URL(".", import.meta.resolve("kazashi"))],
]) {
  for (const name of await readdir(folder, { recursive: true })) {
    const type = types[extname(name)];
    if (type) files.set(path + name, { type, content: await readFile(new URL(name, folder)) });
  }
}
files.set("/", files.get("/index.html"));

/** Of this page's scripts, of WebAssembly, of the bridge on this computer; of nothing else. */
const [, importMap] = /<script type="importmap">(.*?)<\/script>/s.exec(files.get("/").content);
const importMapHash = createHash("sha256").update(importMap).digest("base64");
const policy =
  `default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-${importMapHash}'; ` +
  "connect-src 'self' ws://127.0.0.1:27390 ws://127.0.0.1:27391 " +
  "ws://127.0.0.1:27392 ws://127.0.0.1:27393; img-src data:; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/** Sessions by their id, which nobody has but the browser: in memory, for an hour each. */
const sessions = new Map();
const HOUR = 3_600_000;

/** The session that the cookie names, or a new one. */
function sessionOf(request) {
  const [, id] = /(?:^|; )session=([\w-]+)/.exec(request.headers.cookie ?? "") ?? [];
  const session = sessions.get(id);
  return session && session.ends > Date.now() ? session : rename({ ends: Date.now() + HOUR });
}

/** Gives a session another id, so that one that somebody planted before is worth nothing. */
function rename(session) {
  sessions.delete(session.id);
  session.id = randomBytes(32).toString("base64url");
  sessions.set(session.id, session);
  return session;
}

setInterval(() => {
  for (const [id, { ends }] of sessions) if (ends <= Date.now()) sessions.delete(id);
}, 60_000).unref();

/** The JSON of a body. A token has 10,000 bytes at most. */
async function bodyOf(request) {
  let text = "";
  for await (const part of request.setEncoding("utf8")) {
    text += part;
    if (text.length > 16_384) throw new KazashiError("invalid-request");
  }
  try {
    return Object(JSON.parse(text));
  } catch {
    throw new KazashiError("invalid-request");
  }
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, origin);
  if (request.method === "GET" && files.has(pathname)) return files.get(pathname);
  const act = { "/nonce": giveNonce, "/sign-in": signIn }[pathname];
  if (request.method !== "POST" || !act) return { status: 404, json: {} };
  // Nobody posts but this server's own page.
  if (request.headers.origin !== origin) return { status: 403, json: {} };

  const session = sessionOf(request);
  const json = await act(session, await bodyOf(request));
  if (act === signIn) rename(session);
  const secure = origin.startsWith("https:") ? "; Secure" : "";
  const cookie = `session=${session.id}; HttpOnly; SameSite=Strict; Path=/${secure}`;
  response.setHeader("set-cookie", cookie).setHeader("cache-control", "no-store");
  return { json };
}

function failure(error) {
  if (error instanceof KazashiError) return { status: 400, json: { code: error.code } };
  console.error(error);
  return { status: 500, json: {} };
}

createServer(async (request, response) => {
  const answered = await answer(request, response).catch(failure);
  const { status = 200, json, type = "application/json" } = answered;
  response.setHeader("content-security-policy", policy);
  response.setHeader("x-content-type-options", "nosniff");
  response.writeHead(status, { "content-type": type });
  response.end(json ? JSON.stringify(json) : answered.content);
}).listen(port, "127.0.0.1", () => console.log(`serving http://127.0.0.1:${port}`));
