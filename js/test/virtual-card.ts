import { type Card, connect, type Token } from "../src/index.js";
import {
  authorities,
  type CardKind,
  now,
  type VirtualHostOptions,
  virtualHost,
} from "../src/testing.js";
import { type Method, verify } from "../src/verify.js";

export const origin = "https://portal.example";

/** A page at a desk with a card of this kind. */
export async function desk(kind?: CardKind, options: VirtualHostOptions = {}) {
  const host = virtualHost(kind, { origin, ...options });
  const kazashi = await connect({ host });
  return { host, kazashi };
}

/** The same, with the card leased. */
export async function put(kind?: CardKind, options?: VirtualHostOptions) {
  const { host, kazashi } = await desk(kind, options);
  return { host, kazashi, card: await kazashi.card() };
}

/** Verifies a token as the page's server does. */
export async function verifyAs(method: Method, token: Token, nonce: string) {
  return await verify(
    token,
    { origin, nonce, method, now },
    {
      authorities: await authorities(),
      pairwiseKey: new Uint8Array(32).fill(7),
      acceptTestHierarchy: true,
    },
  );
}

export async function retriesLeft(card: Card): Promise<[number, number]> {
  const { userAuthentication, digitalSignature } = await card.pinStatus();
  return [userAuthentication.retriesLeft, digitalSignature.retriesLeft];
}

/** What a call fails with. */
export const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "it did not fail",
    (error) => error,
  );
