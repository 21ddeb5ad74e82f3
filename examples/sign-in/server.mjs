// The server behind the sign-in page: Node's own HTTP. What it knows is in memory, and gone when it
// ends.

import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { KazashiError, newNonce, verify } from "kazashi/verify";

const port = Number(process.env.PORT ?? 8080);
const origin = `http://127.0.0.1:${port}`;
// Who may have issued the certificate: here the CA of the virtual card, for real cards those of JPKI.
const authority = new URL("../../vectors/certificates/user-authentication-ca.der", import.meta.url);
const authorities = [await readFile(authority)];
// Gives each person a subject that means nothing to others. A real server keeps this key safe.
const pairwiseKey = randomBytes(32);
// The virtual card is a test card. A server for real cards leaves the last of these out.
const trust = { authorities, pairwiseKey, acceptTestHierarchy: true };
// By cookie: the nonce that was issued, later the person who signed in; and until when that holds.
const sessions = new Map();

const routes = {
  "/nonce"() {
    for (const [id, { expires }] of sessions) if (expires < Date.now()) sessions.delete(id);
    const nonce = newNonce();
    return { answer: { nonce }, session: { nonce, expires: Date.now() + 5 * 60_000 } };
  },
  async "/sign-in"(session, { token }) {
    if (!(session?.expires > Date.now())) throw new KazashiError("nonce-expired");
    const expected = { origin, nonce: session.nonce, method: "pin" };
    const result = await verify(token, expected, trust);
    const { subject, method, revocation } = result;
    return {
      answer: { subject, method, revocation },
      session: { subject, expires: Date.now() + 60 * 60_000 },
    };
  },
};

const server = createServer(async (request, response) => {
  try {
    if (request.method === "GET") await sendFile(request, response);
    else if (request.headers.origin === origin) await perform(request, response);
    else response.writeHead(403).end();
  } catch (error) {
    const code = error instanceof KazashiError ? error.code : "bad-request";
    response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ code }));
  }
});

async function perform(request, response) {
  const id = /(?:^|; )session=([0-9a-f]{64})(?:;|$)/.exec(request.headers.cookie ?? "")?.[1];
  const session = sessions.get(id);
  // A nonce serves once, whatever comes of it, and a session gets a new name at each step.
  sessions.delete(id);
  const { answer, session: next } = await routes[request.url](session, await readJson(request));
  const nextId = randomBytes(32).toString("hex");
  sessions.set(nextId, next);
  response.setHeader("set-cookie", `session=${nextId}; HttpOnly; SameSite=Strict; Path=/`);
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
}

async function readJson(request) {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += chunk;
    if (text.length > 16_384) throw new Error("more than a token");
  }
  return JSON.parse(text);
}

const types = { ".css": "text/css", ".html": "text/html", ".js": "text/javascript" };

// The page's own files, and the package's under /kazashi/.
async function sendFile(request, response) {
  const path = new URL(request.url, origin).pathname;
  const folder = path.startsWith("/kazashi/") ? "node_modules/kazashi/dist" : "page";
  const file = path === "/" ? "/index.html" : path.replace("/kazashi/", "/");
  const content = await readFile(new URL(folder + file, import.meta.url));
  response.writeHead(200, {
    "content-type": types[extname(file)] ?? "application/wasm",
    "content-security-policy":
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
      "connect-src 'self' ws://127.0.0.1:27390; img-src data:; base-uri 'none'; form-action 'none'; " +
      "frame-ancestors 'none'; require-trusted-types-for 'script'",
    "x-content-type-options": "nosniff",
  });
  response.end(content);
}

server.listen(port, "127.0.0.1", () => console.log(`serving ${origin}`));
