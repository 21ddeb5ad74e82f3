import { describe, expect, it } from "vitest";
import { authorities, cardSurfaceAuthority, now, virtualBridgeKey } from "../src/testing.js";
import { newNonce, verifyEnrolment, verifyStay } from "../src/verify.js";
import { read } from "./vectors.js";
import { failure, origin, put } from "./virtual-card.js";

type Signature = { method: "pin" | "terminal" | "presence"; nonce: string; signature: string };

const json = <T>(path: string): T => JSON.parse(read(path));

const vector = json<{
  origin: string;
  stay: string;
  bridges: Record<string, string>;
  signatures: Record<string, Signature>;
  words: Record<string, string>;
}>("verify/stay.json");

/** A case of `stay-cases.json`; the file says how to read it. */
interface Case {
  name: string;
  code?: string;
  word?: string;
  signatures?: string[];
  origin?: string;
  bridges?: string[];
}

describe("a bridge's word for a stay", () => {
  const { cases } = json<{ cases: Case[] }>("verify/stay-cases.json");

  it.each(cases)("is judged as by Rust: $name", async ({ code, ...given }) => {
    const signatures = given.signatures ?? ["token", "proof"];
    const verified = verifyStay(
      vector.words[given.word ?? "enrolment"],
      {
        origin: given.origin ?? vector.origin,
        signatures: signatures.map((name) => vector.signatures[name] as Signature),
      },
      (given.bridges ?? ["counter"]).map((name) => vector.bridges[name] ?? ""),
    );
    if (code) await expect(verified).rejects.toMatchObject({ name: "KazashiError", code });
    else expect(await verified).toBe(vector.stay);
  });

  it.each([undefined, null, 7, "no base64!", {}, new Uint8Array(200)])(
    "is not taken from what is none: %j",
    async (word) => {
      const signatures = [vector.signatures["token"] as Signature];
      const expected = { origin: vector.origin, signatures };
      const error = await failure(verifyStay(word, expected, Object.values(vector.bridges)));
      expect(error).toMatchObject({ name: "KazashiError", code: "stay-malformed" });
    },
  );

  it("is held to no expectation that is none", async () => {
    const bridges = Object.values(vector.bridges);
    const { origin } = vector;
    for (const expected of [
      undefined,
      {},
      { origin, signatures: [] },
      { origin, signatures: [null] },
    ]) {
      const verified = verifyStay(vector.words["enrolment"], expected as never, bridges);
      await expect(verified).rejects.toMatchObject({ name: "KazashiError" });
    }
  });
});

describe("a virtual card's bridge", () => {
  const presence = { birthDate: "1980-02-17" };

  it("vouches for what this card signed in this stay", async () => {
    const { kazashi, card } = await put();
    const [pin, nonce] = [newNonce(), newNonce()];
    const { signature } = await card.authenticate({ nonce: pin });
    const proof = await card.provePresence({ nonce, ...presence });
    const signatures = [
      { method: "pin", nonce: pin, signature },
      { method: "presence", nonce, signature: proof.signature },
    ] as const;
    const stay = await verifyStay(await card.vouch(), { origin, signatures }, [virtualBridgeKey]);
    expect(stay).toBe(kazashi.readers[0]?.insertion);
  });

  it("names a stay anew at each insertion, and none without a card", async () => {
    const { host, kazashi } = await put();
    const first = kazashi.readers[0]?.insertion;
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect((await host.readers())[0]?.insertion).toBe(first);
    host.remove();
    expect(kazashi.readers[0]).not.toHaveProperty("insertion");
    host.insert();
    expect(kazashi.readers[0]?.insertion).not.toBe(first);
  });

  it("starts an empty list for each lease, and for each stay", async () => {
    const { host, kazashi, card } = await put();
    const nonce = newNonce();
    const { signature } = await card.authenticate({ nonce });
    const expected = { origin, signatures: [{ method: "pin", nonce, signature }] } as const;
    await verifyStay(await card.vouch(), expected, [virtualBridgeKey]);
    await card.release();
    const again = await kazashi.card();
    const ofAnotherLease = verifyStay(await again.vouch(), expected, [virtualBridgeKey]);
    await expect(ofAnotherLease).rejects.toMatchObject({ code: "stay-nonce-mismatch" });
    host.remove();
    host.insert();
    const back = await kazashi.card();
    const ofAnotherStay = verifyStay(await back.vouch(), expected, [virtualBridgeKey]);
    await expect(ofAnotherStay).rejects.toMatchObject({ code: "stay-nonce-mismatch" });
  });

  it("gives no word for more than sixteen statements", async () => {
    const { card } = await put();
    for (let count = 0; count < 17; count += 1) {
      if (count === 16) await card.vouch();
      await card.provePresence({ nonce: newNonce(), ...presence });
    }
    await expect(card.vouch()).rejects.toMatchObject({ code: "too-many-statements" });
  });

  it("gives none to a page that may have nothing signed", async () => {
    const { card } = await put("normal", { scopes: ["events", "user-certificate"] });
    await expect(card.vouch()).rejects.toMatchObject({ code: "not-permitted" });
  });
});

describe("an enrolment at a server", () => {
  const enrol = async () => {
    const { host, kazashi, card } = await put();
    const nonces = { pin: newNonce(), presence: newNonce() };
    const enrolled = await card.enrol({ nonces, birthDate: "1980-02-17" });
    return { host, kazashi, card, nonces, ...enrolled };
  };
  type Enrolled = Awaited<ReturnType<typeof enrol>>;

  const verify = async (
    { nonces, token, proof, word }: Pick<Enrolled, "nonces" | "token" | "proof" | "word">,
    bridges?: string[],
  ) =>
    await verifyEnrolment(
      token,
      proof,
      { origin, pinNonce: nonces.pin, presenceNonce: nonces.presence, word, now },
      {
        authorities: await authorities(),
        cvKeys: [await cardSurfaceAuthority()],
        acceptTestHierarchy: true,
        pairwiseKey: new Uint8Array(32).fill(7),
        ...(bridges !== undefined && { bridges }),
      },
    );

  it("says whose word it is that one card gave both", async () => {
    const enrolled = await enrol();
    expect((await verify(enrolled, [virtualBridgeKey])).tie).toBe("bridge");
    expect((await verify(enrolled)).tie).toBe("page-only");
  });

  it("is refused without the word of an enrolled bridge, or with another stay's", async () => {
    const [enrolled, other] = [await enrol(), await enrol()];
    const bridges = [virtualBridgeKey];
    for (const [word, code] of [
      [undefined, "stay-malformed"],
      [other.word, "stay-nonce-mismatch"],
    ] as const) {
      const verified = verify({ ...enrolled, word: word as string }, bridges);
      await expect(verified).rejects.toMatchObject({ code });
    }
    for (const noList of [virtualBridgeKey, 7, {}, null]) {
      const verified = verify(enrolled, noList as never);
      await expect(verified).rejects.toMatchObject({ code: "invalid-request" });
    }
    const unknown = verify(enrolled, [Object.values(vector.bridges)[0] ?? ""]);
    await expect(unknown).rejects.toMatchObject({ code: "bridge-not-enrolled" });
  });
});
