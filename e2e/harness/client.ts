import type { JSHandle, Page } from "playwright-core";
import type {
  BasicAttributes,
  Card,
  CertificateKind,
  Host,
  Kazashi,
  PinStatus,
  TerminalRequest,
} from "../../js/src/index.ts";
import { DESK_PASSWORD } from "./sign-in.ts";

type Package = typeof import("../../js/src/index.ts");

/** What went wrong, as a page can tell. */
export interface Failure {
  code: string;
  retriesLeft?: number;
}

/** What a page works with. It lives in the page. */
interface Desk {
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
  readonly #desk: JSHandle<Desk>;

  private constructor(page: Page, desk: JSHandle<Desk>) {
    this.page = page;
    this.#desk = desk;
  }

  /** Connects a page of the sign-in server to this host; to the bridge if there is none. */
  static async connect(page: Page, host?: JSHandle<Host>): Promise<Client> {
    const kazashi = await importInto<Package>(page, "index.js");
    return new Client(page, await page.evaluateHandle(openDesk, { kazashi, host }));
  }

  /** Takes the lease on the first card that it can have. */
  take(): Promise<unknown> {
    return this.#desk.evaluate((desk) =>
      desk.attempt(async () => {
        desk.card = await desk.kazashi.card({ signal: AbortSignal.timeout(20_000) });
      }),
    );
  }

  async release(): Promise<void> {
    await this.#desk.evaluate((desk) => desk.card?.release());
  }

  /** Signs in to the server; with a PIN of the page's own if there is one. */
  signIn(pin?: string): Promise<{ subject: string } | Failure> {
    return this.#desk.evaluate((desk, pin) => desk.attempt(() => desk.signIn(desk.card, pin)), pin);
  }

  /** Signs the staff of a desk in at the server. */
  async openDesk(): Promise<void> {
    await this.#desk.evaluate((desk, password) => desk.post("/desk", { password }), DESK_PASSWORD);
  }

  /** Signs in as the institution, without a PIN. */
  signInPinless(): Promise<{ subject: string } | Failure> {
    return this.#desk.evaluate((desk) =>
      desk.attempt(async () => {
        const method = "terminal";
        const { nonce } = await desk.post("/nonce", { method });
        const { certificates } = await (await fetch("/terminal")).json();
        const sign = async (request: TerminalRequest) =>
          (await desk.post("/terminal", { nonce, request })).signature;
        const terminal = { certificates, sign };
        const token = await desk.card?.authenticatePinless({ nonce, terminal });
        const { subject } = await desk.post("/sign-in", { method, nonce, token });
        return { subject };
      }),
    );
  }

  /** Enrols the card, with a PIN of the page's own. */
  enrol(birthDate: string, pin: string): Promise<{ subject: string } | Failure> {
    return this.#desk.evaluate(
      (desk, { birthDate, pin }) =>
        desk.attempt(async () => {
          const newNonce = async (method: string) => (await desk.post("/nonce", { method })).nonce;
          const nonces = { pin: await newNonce("pin"), presence: await newNonce("presence") };
          const enrolled = await desk.card?.enrol({ nonces, birthDate, pin });
          const { subject } = await desk.post("/enrol", { nonces, ...enrolled });
          return { subject };
        }),
      { birthDate, pin },
    );
  }

  /** Shows that an enrolled card is there. */
  checkIn(): Promise<{ subject: string } | Failure> {
    return this.#desk.evaluate((desk) =>
      desk.attempt(async () => {
        const { nonce } = await desk.post("/nonce", { method: "presence" });
        const proof = await desk.card?.provePresence({
          nonce,
          certificate: "head",
          async birthDate(head) {
            const certificate = btoa(String.fromCharCode(...head));
            return (await desk.post("/birth-date", { certificate })).birthDate;
          },
        });
        const { subject } = await desk.post("/presence", { nonce, proof });
        return { subject };
      }),
    );
  }

  /** Reads the card face, its files in hexadecimal, and the signature over origin and nonce. */
  readCardFace(securityCode: string, nonce: string): Promise<Record<string, string> | Failure> {
    return this.#desk.evaluate(
      (desk, { securityCode, nonce }) =>
        desk.attempt(async () => {
          const number = { birthDate: "1980-02-17", expiryYear: "2035", securityCode };
          const { appVersion, ...files } =
            (await desk.card?.readCardFace({ nonce, ...number })) ?? {};
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
    return this.#desk.evaluate(
      (desk, pin) => desk.attempt(async () => await desk.card?.readAttributes({ pin })),
      pin,
    );
  }

  pinStatus(): Promise<PinStatus | Failure | undefined> {
    return this.#desk.evaluate((desk) => desk.attempt(async () => await desk.card?.pinStatus()));
  }

  /** The DER encoding, in hexadecimal. */
  readCertificate(kind: CertificateKind): Promise<string | Failure> {
    return this.#desk.evaluate(
      (desk, kind) =>
        desk.attempt(async () => {
          const { der = [] } = (await desk.card?.readCertificate(kind)) ?? {};
          return Array.from(der, (byte) => byte.toString(16).padStart(2, "0")).join("");
        }),
      kind,
    );
  }

  /** Signs a document by SHA-256. Brings back signature and certificate. */
  sign(content: string): Promise<number[][] | Failure> {
    return this.#desk.evaluate(
      (desk, content) =>
        desk.attempt(async () => {
          const bytes = new TextEncoder().encode(content);
          const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
          const signed = await desk.card?.sign({ title: "契約書", hash: "SHA-256", digest });
          return [signed?.signature ?? [], signed?.certificate.der ?? []].map((it) => [...it]);
        }),
      content,
    );
  }

  /** Begins to sign in each visitor who puts a card on the reader. */
  async serve(): Promise<void> {
    await this.#desk.evaluate((desk) => {
      const serve = async () => {
        for await (const card of desk.kazashi.cards()) {
          desk.served.push(await desk.attempt(() => desk.signIn(card)));
        }
      };
      void serve();
    });
  }

  /** What became of the visitors so far. */
  served(): Promise<unknown[]> {
    return this.#desk.evaluate((desk) => desk.served);
  }

  /** Shows or hides the page, as far as its scripts can tell. */
  async setVisibility(state: "visible" | "hidden"): Promise<void> {
    await this.page.evaluate((value) => {
      Object.defineProperty(document, "visibilityState", { value, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  }

  events(): Promise<string[]> {
    return this.#desk.evaluate((desk) => desk.events);
  }

  /** Whether there is a card on any reader, for all that the page was told. */
  seesCard(): Promise<boolean> {
    return this.#desk.evaluate(({ kazashi }) => kazashi.readers.some((it) => it.cardPresent));
  }
}

/** Imports a module of the package into a page. */
export function importInto<Module>(page: Page, module: string): Promise<JSHandle<Module>> {
  // As text: what vitest makes of an import is for Node.
  return page.evaluateHandle<Module>(`import("/kazashi/${module}")`);
}

/** Runs in the page. */
async function openDesk({
  kazashi: { connect },
  host,
}: {
  kazashi: Package;
  host: Host | undefined;
}): Promise<Desk> {
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
