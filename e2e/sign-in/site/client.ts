import type { JSHandle, Page } from "playwright-core";
import {
  type BasicAttributes,
  type Card,
  type CertificateKind,
  type Host,
  importInto,
  type Kazashi,
  type Modules,
  type PinStatus,
} from "../../package.ts";
import { DESK_PASSWORD } from "./server.ts";

/** What went wrong, as a page can tell. */
export interface Failure {
  code: string;
  retriesLeft?: number;
}

/** What a page works with. It lives in the page. */
interface Inside {
  kazashi: Kazashi;
  /** The card that the page has a lease on, or had last. */
  card: Card | undefined;
  /** The events so far, by their types. */
  events: string[];
  /** What became of the visitors whom the page served. */
  served: unknown[];
  // biome-ignore lint/suspicious/noExplicitAny: each route has another answer
  post(path: string, body: unknown): Promise<any>;
  signIn(card: Card | undefined, pin?: string): Promise<{ subject: string }>;
  /** The result of some work, or its failure. */
  attempt<T>(work: () => Promise<T>): Promise<T | Failure>;
}

/** A page's connection to a host, and what a page does with it. */
export class Client {
  readonly page: Page;
  readonly #inside: JSHandle<Inside>;

  private constructor(page: Page, inside: JSHandle<Inside>) {
    this.page = page;
    this.#inside = inside;
  }

  /** Connects a page of the sign-in server to this host; to the bridge if there is none. */
  static async connect(page: Page, host?: JSHandle<Host>): Promise<Client> {
    const kazashi = await importInto(page, "index.js");
    return new Client(page, await page.evaluateHandle(goInside, { kazashi, host }));
  }

  /** Takes the lease on the first card that it can have. */
  take(): Promise<unknown> {
    return this.#inside.evaluate((inside) =>
      inside.attempt(async () => {
        inside.card = await inside.kazashi.card({ signal: AbortSignal.timeout(20_000) });
      }),
    );
  }

  async release(): Promise<void> {
    await this.#inside.evaluate((inside) => inside.card?.release());
  }

  /** Signs in to the server; with a PIN of the page's own if there is one. */
  signIn(pin?: string): Promise<{ subject: string } | Failure> {
    return this.#inside.evaluate(
      (inside, pin) => inside.attempt(() => inside.signIn(inside.card, pin)),
      pin,
    );
  }

  /** Signs the staff of a desk in at the server. */
  async openDesk(): Promise<void> {
    await this.#inside.evaluate(
      (inside, password) => inside.post("/desk", { password }),
      DESK_PASSWORD,
    );
  }

  /** Signs in as the institution, without a PIN. */
  signInPinless(): Promise<{ subject: string } | Failure> {
    return this.#inside.evaluate((inside) =>
      inside.attempt(async () => {
        const method = "terminal";
        const { nonce } = await inside.post("/nonce", { method });
        const { certificates } = await (await fetch("/terminal")).json();
        const sign = async (word: string) =>
          (await inside.post("/terminal", { nonce, word })).signature;
        const terminal = { certificates, sign };
        const token = await inside.card?.authenticatePinless({ nonce, terminal });
        const { subject } = await inside.post("/sign-in", { method, nonce, token });
        return { subject };
      }),
    );
  }

  /** Enrols the card, with a PIN of the page's own. */
  enrol(birthDate: string, pin: string): Promise<{ subject: string } | Failure> {
    return this.#inside.evaluate(
      (inside, { birthDate, pin }) =>
        inside.attempt(async () => {
          const newNonce = async (method: string) =>
            (await inside.post("/nonce", { method })).nonce;
          const nonces = { pin: await newNonce("pin"), presence: await newNonce("presence") };
          const enrolled = await inside.card?.enrol({ nonces, birthDate, pin });
          const { subject } = await inside.post("/enrol", { nonces, ...enrolled });
          return { subject };
        }),
      { birthDate, pin },
    );
  }

  /** Shows that an enrolled card is there. */
  checkIn(): Promise<{ subject: string } | Failure> {
    return this.#inside.evaluate((inside) =>
      inside.attempt(async () => {
        const { nonce } = await inside.post("/nonce", { method: "presence" });
        const proof = await inside.card?.provePresence({
          nonce,
          certificate: "head",
          async birthDate(head) {
            const certificate = btoa(String.fromCharCode(...head));
            return (await inside.post("/birth-date", { certificate })).birthDate;
          },
        });
        const { subject } = await inside.post("/presence", { nonce, proof });
        return { subject };
      }),
    );
  }

  /** Reads the card face, its files in hexadecimal, and the signature over origin and nonce. */
  readCardFace(securityCode: string, nonce: string): Promise<Record<string, string> | Failure> {
    return this.#inside.evaluate(
      (inside, { securityCode, nonce }) =>
        inside.attempt(async () => {
          const number = { birthDate: "1980-02-17", expiryYear: "2035", securityCode };
          const { appVersion, ...files } =
            (await inside.card?.readCardFace({ nonce, ...number })) ?? {};
          const hex = (bytes: Uint8Array) =>
            Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
          const inHex = Object.entries(files).map(([name, bytes]) => [name, hex(bytes)]);
          return Object.fromEntries(inHex);
        }),
      { securityCode, nonce },
    );
  }

  /** Reads the basic attributes; with a PIN of the page's own if there is one. */
  readAttributes(pin?: string): Promise<BasicAttributes | Failure | undefined> {
    return this.#inside.evaluate(
      (inside, pin) => inside.attempt(async () => await inside.card?.readAttributes({ pin })),
      pin,
    );
  }

  pinStatus(): Promise<PinStatus | Failure | undefined> {
    return this.#inside.evaluate((inside) =>
      inside.attempt(async () => await inside.card?.pinStatus()),
    );
  }

  /** The DER encoding, in hexadecimal. */
  readCertificate(kind: CertificateKind): Promise<string | Failure> {
    return this.#inside.evaluate(
      (inside, kind) =>
        inside.attempt(async () => {
          const { der = [] } = (await inside.card?.readCertificate(kind)) ?? {};
          return Array.from(der, (byte) => byte.toString(16).padStart(2, "0")).join("");
        }),
      kind,
    );
  }

  /** Signs a document by SHA-256. Brings back signature and certificate. */
  sign(content: string): Promise<number[][] | Failure> {
    return this.#inside.evaluate(
      (inside, content) =>
        inside.attempt(async () => {
          const bytes = new TextEncoder().encode(content);
          const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
          const signed = await inside.card?.sign({ title: "契約書", hash: "SHA-256", digest });
          return [signed?.signature ?? [], signed?.certificate.der ?? []].map((it) => [...it]);
        }),
      content,
    );
  }

  /** Begins to sign in each visitor who puts a card on the reader. */
  async serve(): Promise<void> {
    await this.#inside.evaluate((inside) => {
      const serve = async () => {
        for await (const card of inside.kazashi.cards()) {
          inside.served.push(await inside.attempt(() => inside.signIn(card)));
        }
      };
      void serve();
    });
  }

  /** What became of the visitors so far. */
  served(): Promise<unknown[]> {
    return this.#inside.evaluate((inside) => inside.served);
  }

  /** Shows or hides the page, as far as its scripts can tell. */
  async setVisibility(state: "visible" | "hidden"): Promise<void> {
    await this.page.evaluate((value) => {
      Object.defineProperty(document, "visibilityState", { value, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  }

  /** The bridge's word for what the card did. */
  vouch(): Promise<string | Failure | undefined> {
    return this.#inside.evaluate((inside) =>
      inside.attempt(async () => await inside.card?.vouch()),
    );
  }

  /** The name of the stay of the card on the first reader, for all that the page was told. */
  insertion(): Promise<string | undefined> {
    return this.#inside.evaluate(({ kazashi }) => kazashi.readers[0]?.insertion);
  }

  events(): Promise<string[]> {
    return this.#inside.evaluate((inside) => inside.events);
  }

  /** Whether there is a card on any reader, for all that the page was told. */
  seesCard(): Promise<boolean> {
    return this.#inside.evaluate(({ kazashi }) => kazashi.readers.some((it) => it.cardPresent));
  }
}

/** Runs in the page. */
async function goInside({
  kazashi: { connect },
  host,
}: {
  kazashi: Modules["index.js"];
  host: Host | undefined;
}): Promise<Inside> {
  const kazashi = await connect({ host });
  const events: string[] = [];
  for (const type of ["card-inserted", "card-removed"]) {
    kazashi.addEventListener(type, () => events.push(type));
  }

  const post = async (path: string, body: unknown) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw answer;
    return answer;
  };
  return {
    kazashi,
    post,
    card: undefined,
    events,
    served: [],
    async signIn(card, pin) {
      const method = "pin";
      const { nonce } = await post("/nonce", { method });
      const token = await card?.authenticate({ nonce, pin });
      const { subject } = await post("/sign-in", { method, nonce, token });
      return { subject };
    },
    async attempt(work) {
      try {
        return await work();
      } catch (error) {
        const { code, retriesLeft } = error as Failure;
        if (code === undefined) throw error;
        return { code, ...(retriesLeft !== undefined && { retriesLeft }) };
      }
    },
  };
}
