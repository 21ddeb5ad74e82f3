import { createHash, createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { freePort } from "../../ports.ts";
import type { Startable } from "../../set-up.ts";

/** What the provider is asked before somebody is signed in (OpenID Connect Core 1.0, clause 3.1.2.1). */
interface Question {
  readonly nonce: string;
  readonly challenge: string;
}

/** How the portal is known to the provider. */
const CLIENT = { id: "portal", secret: "a secret of the two" };

/**
 * An organization's provider of OpenID Connect: it asks nobody anything, but says at once who sits
 * before the browser. What it says can be spoilt.
 */
export class Provider implements Startable {
  readonly secret = CLIENT.secret;
  /** Claims about whoever signs in next, over those that are right. */
  claims: Record<string, unknown> = {};
  /** Whether the token is signed by somebody else. */
  isForged = false;
  issuer = "";
  readonly #key = generateKeyPairSync("rsa", { modulusLength: 2048 });
  readonly #strangers = generateKeyPairSync("rsa", { modulusLength: 2048 });
  readonly #questions = new Map<string, Question>();
  #server: Server | undefined;

  async start(): Promise<void> {
    const port = await freePort();
    // Another site than the portal, which is named by its number: no strict cookie comes back with it.
    this.issuer = `http://localhost:${port}`;
    this.#server = createServer(async (request, response) => {
      const url = new URL(request.url ?? "/", this.issuer);
      if (url.pathname === "/authorize") {
        response.writeHead(303, { location: this.#asked(url.searchParams) }).end();
        return;
      }
      const answer = await this.#answer(url.pathname, request);
      response.writeHead(answer ? 200 : 400, { "content-type": "application/json" });
      response.end(JSON.stringify(answer ?? { error: "invalid_grant" }));
    });
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  /** Arguments of `kazashi-portal serve` by which it asks this provider. */
  arguments(secretFile: string): string[] {
    return [
      ...["--openid-issuer", this.issuer, "--openid-client-id", CLIENT.id],
      ...["--openid-client-secret", secretFile, "--openid-role", "administrator=portal-admins"],
      ...["--openid-role", "staff=reception"],
    ];
  }

  /** Where the browser goes on to, once somebody has said who they are. */
  #asked(question: URLSearchParams): string {
    const code = randomUUID();
    const [nonce, challenge] = [question.get("nonce"), question.get("code_challenge")];
    this.#questions.set(code, { nonce: nonce ?? "", challenge: challenge ?? "" });
    const back = new URL(question.get("redirect_uri") ?? "");
    back.search = String(new URLSearchParams({ code, state: question.get("state") ?? "" }));
    return back.href;
  }

  async #answer(path: string, request: IncomingMessage): Promise<object | undefined> {
    switch (path) {
      case "/.well-known/openid-configuration":
        return {
          issuer: this.issuer,
          authorization_endpoint: `${this.issuer}/authorize`,
          token_endpoint: `${this.issuer}/token`,
          jwks_uri: `${this.issuer}/keys`,
          response_types_supported: ["code"],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: ["RS256"],
        };
      case "/keys": {
        const key = this.#key.publicKey.export({ format: "jwk" });
        return { keys: [{ ...key, use: "sig", alg: "RS256", kid: "1" }] };
      }
      case "/token":
        return this.#exchange(
          request.headers.authorization,
          new URLSearchParams(await text(request)),
        );
      default:
        return undefined;
    }
  }

  /** Gives the token for a code, once, to whoever has the portal's secret and asked for it. */
  #exchange(authorization: string | undefined, form: URLSearchParams): object | undefined {
    const question = this.#questions.get(form.get("code") ?? "");
    this.#questions.delete(form.get("code") ?? "");
    const verifier = createHash("sha256").update(form.get("code_verifier") ?? "");
    const password = `${encodeURIComponent(CLIENT.id)}:${formEncoded(CLIENT.secret)}`;
    const isPortal = authorization === `Basic ${Buffer.from(password).toString("base64")}`;
    if (!question || !isPortal || verifier.digest("base64url") !== question.challenge) return;
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      ...{ iss: this.issuer, aud: CLIENT.id, sub: "17", nonce: question.nonce },
      ...{ iat: now, exp: now + 300, ...this.claims },
    };
    return { access_token: randomUUID(), token_type: "Bearer", id_token: this.#signed(claims) };
  }

  #signed(claims: object): string {
    const encoded = (it: object) => Buffer.from(JSON.stringify(it)).toString("base64url");
    const signed = `${encoded({ alg: "RS256", kid: "1" })}.${encoded(claims)}`;
    const { privateKey } = this.isForged ? this.#strangers : this.#key;
    return `${signed}.${createSign("sha256").update(signed).sign(privateKey, "base64url")}`;
  }
}

/** As forms have it (RFC 6749, appendix B). */
function formEncoded(text: string): string {
  return new URLSearchParams({ text }).toString().slice("text=".length);
}
