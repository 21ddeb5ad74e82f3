import {
  createHash,
  createPublicKey,
  verify as verifySignature,
  X509Certificate,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { authorities, cardSurfaceAuthority, now } from "../src/testing.js";
import {
  certificateSummary,
  type Enrolment,
  type Expected,
  type ExpectedEnrolment,
  type ExpectedPresence,
  KazashiError,
  newNonce,
  type PresenceTrust,
  type Revocation,
  readDigitalSignatureCertificate,
  recognition,
  subject,
  type Trust,
  verify,
  verifyDigitalSignatureCertificate,
  verifyEnrolment,
  verifyPresence,
} from "../src/verify.js";
import { origin, put } from "./virtual-card.js";

const vectors = new URL("../../vectors/", import.meta.url);
const read = (path: string): Buffer => readFileSync(new URL(path, vectors));
const certificate = (file: string): Buffer => read(`certificates/${file}`);
const json = <T>(path: string): T => JSON.parse(read(path).toString());

type Token = Record<string, unknown>;
type Signed = { method: "pin"; origin: string; nonce: string; token: Token };

/** A case of `accepted.json` or `refused.json`; the files say how to read it. */
type Case = {
  name: string;
  code?: string;
  base?: string;
  token?: Token;
  certificate?: string;
  keepSignatureBytes?: number;
  padTo?: number;
  text?: string;
  expected?: Partial<Omit<Expected, "now">> & { now?: number };
  authorities?: string[];
  acceptTestHierarchy?: boolean;
};

/** Whom the relying party of a case of `presence-cases.json` or `enrolment-cases.json` trusts. */
type TrustOfCase = {
  authorities?: string[];
  cvKeys?: Record<string, string[]>;
  acceptTestHierarchy?: boolean;
  pairwiseKey?: number;
};

/** A case of `presence-cases.json`; the file says how to read it. */
type PresenceCase = TrustOfCase & {
  name: string;
  code?: string;
  proof?: string;
  enrolment?: string;
  fields?: Token;
  keep?: Record<string, number>;
  flip?: string;
  padTo?: number;
  text?: string;
  expected?: Partial<Omit<ExpectedPresence, "now">> & { now?: number };
  enrolled?: Partial<Enrolment>;
};

/** A case of `enrolment-cases.json`; the file says how to read it. */
type EnrolmentCase = TrustOfCase & {
  name: string;
  code?: string;
  token?: string;
  proof?: string;
  expected?: Partial<Omit<ExpectedEnrolment, "now">> & { now?: number };
};

type PresenceVector = {
  origin: string;
  nonce: string;
  enrolments: Record<string, Enrolment>;
  proofs: Record<string, Token>;
};

type EnrolmentVector = {
  origin: string;
  pinNonce: string;
  presenceNonce: string;
  enrolments: Record<string, Enrolment>;
  tokens: Record<string, Token>;
  proofs: Record<string, Token>;
};

const pin = json<Signed>("verify/pin.json");
const seconds = 1767225600;
const rootIdentifier = "39303030303233080530303100000000";
const expected: Expected = { ...pin, now: new Date(seconds * 1000) };
const trust: Trust = {
  authorities: [certificate("user-authentication-ca.der")],
  pairwiseKey: new Uint8Array(32).fill(7),
  acceptTestHierarchy: true,
};

describe("a token", () => {
  it.each(json<{ cases: Case[] }>("verify/accepted.json").cases)(
    "$name is accepted",
    async (of) => {
      expect((await verifyCase(of)).subject).toHaveLength(43);
    },
  );

  it.each(json<{ cases: Case[] }>("verify/refused.json").cases)("$name: $code", async (of) => {
    const error = await verifyCase(of).catch((error) => error);
    expect(error).toBeInstanceOf(KazashiError);
    expect(error.code).toBe(of.code);
    expect(error.message).not.toBe("");
  });

  it("may be an object as well as its text", async () => {
    const [object, text] = await Promise.all([
      verify(pin.token, expected, trust),
      verify(JSON.stringify(pin.token), expected, trust),
    ]);
    expect(object.subject).toBe(text.subject);
  });

  it.each([undefined, null, 1, {}, []])(
    "that is none (%j) is refused with a code",
    async (token) => {
      await expect(verify(token, expected, trust)).rejects.toMatchObject({ code: "token-size" });
    },
  );

  it("is signed as Node's own cryptography expects", () => {
    const { publicKey } = new X509Certificate(certificate("user-authentication.der"));
    const hash = (text: string) => createHash("sha256").update(text).digest();
    const signed = Buffer.concat([hash(pin.origin), hash(pin.nonce)]);
    const signature = Buffer.from(String(pin.token.signature), "base64");
    expect(verifySignature("sha256", signed, publicKey, signature)).toBe(true);
  });
});

describe("a result", () => {
  it("gives the subject that openssl computes", async () => {
    const { subject } = await verify(pin.token, expected, trust);
    expect(subject).toBe("0OJC8qxMhZPOy5GWOoUs-cycpYsFPCk1enDpqo1fPE4");
  });

  it("keeps certificate and serial number for who asks", async () => {
    const result = await verify(pin.token, expected, trust);
    expect(result.serialNumber()).toBe("227001");
    expect(Buffer.from(result.certificate())).toEqual(certificate("user-authentication.der"));
    expect(JSON.parse(JSON.stringify(result))).toEqual({
      subject: result.subject,
      method: "pin",
      methodSource: "bridge",
      revocation: { status: "not-checked", because: "no revocation check was made" },
    });
  });

  it.each<Revocation>([{ status: "good" }, { status: "not-checked", because: "nobody answers" }])(
    "carries what the revocation check says: $status",
    async (revocation) => {
      const asked: Uint8Array[] = [];
      const check = async (der: Uint8Array) => {
        asked.push(der);
        return revocation;
      };
      const result = await verify(pin.token, expected, { ...trust, revocation: check });
      expect(result.revocation).toEqual(revocation);
      expect(asked.map(Buffer.from)).toEqual([certificate("user-authentication.der")]);
    },
  );

  it("does not come of a revoked certificate", async () => {
    const revocation = () => ({ status: "revoked" }) as const;
    await expect(verify(pin.token, expected, { ...trust, revocation })).rejects.toMatchObject({
      code: "certificate-revoked",
    });
  });

  it.each([
    [undefined],
    ["good"],
    [{ status: "unknown" }],
    [{ status: "Good" }],
    [{ status: "not-checked" }],
    [{ status: "not-checked", because: "" }],
    [{ status: "not-checked", because: 1 }],
  ])("does not come of a revocation check that answers %j", async (answer) => {
    const revocation = () => answer as Revocation;
    await expect(verify(pin.token, expected, { ...trust, revocation })).rejects.toMatchObject({
      code: "invalid-request",
      message: expect.stringMatching(/^(the answer of revocation|because) /),
    });
  });

  it("does not come of a revocation check that fails", async () => {
    const revocation = () => Promise.reject(new Error("the line is down"));
    const result = verify(pin.token, expected, { ...trust, revocation });
    await expect(result).rejects.toThrow("the line is down");
  });
});

describe("a presence proof", () => {
  const cases = json<{ cases: PresenceCase[] }>("verify/presence-cases.json").cases;
  const vector = json<PresenceVector>("verify/presence.json");

  it.each(cases.filter(({ code }) => !code))("of $name is accepted", async (of) => {
    expect(await presenceCase(of)).toMatchObject({
      subject: vector.enrolments["with certificate"]?.subject,
      assurance: "low",
      knownLimits: ["holder-unknown", "bound-by-enrolment", "relay"],
      revocation: { status: "not-checked" },
    });
  });

  it.each(cases.filter(({ code }) => code))("of $name: $code", async (of) => {
    const error = await presenceCase(of).catch((error) => error);
    expect(error).toBeInstanceOf(KazashiError);
    expect(error.code).toBe(of.code);
    expect(error.message).not.toBe("");
  });

  it("keeps the certificate for who asks, also when it brought the head alone", async () => {
    const result = await presenceCase({
      name: "",
      proof: "head",
      enrolment: "with certificate",
    });
    expect(Buffer.from(result.certificate())).toEqual(certificate("user-authentication.der"));
    expect(Object.keys(JSON.parse(JSON.stringify(result))).sort()).toEqual([
      "assurance",
      "knownLimits",
      "revocation",
      "subject",
    ]);
  });

  it.each([undefined, null, 1, {}, []])("that is none (%j) is refused", async (proof) => {
    const { origin, nonce, enrolments } = vector;
    const enrolment = enrolments["without certificate"] as Enrolment;
    await expect(
      verifyPresence(proof, { origin, nonce, enrolment }, trustOfCase({})),
    ).rejects.toMatchObject({ code: "presence-proof-malformed" });
  });

  it.each([undefined, null, 1, {}, { subject: "" }])(
    "is not verified against an enrolment that is none: %j",
    async (enrolment) => {
      const { origin, nonce, proofs } = vector;
      const expected = { origin, nonce, enrolment: enrolment as Enrolment };
      await expect(verifyPresence(proofs.whole, expected, trustOfCase({}))).rejects.toMatchObject({
        code: "invalid-request",
        message: expect.stringContaining("enrolment"),
      });
    },
  );

  it("of a revoked certificate proves nothing", async () => {
    const revocation = () => ({ status: "revoked" }) as const;
    await expect(presenceCase({ name: "" }, { revocation })).rejects.toMatchObject({
      code: "certificate-revoked",
    });
  });

  it("is trusted under a root in PEM or DER", async () => {
    const key = createPublicKey(read("keys/card-surface-authority.pem"));
    const { origin, nonce, enrolments, proofs } = vector;
    const enrolment = enrolments["without certificate"] as Enrolment;
    const expected = { origin, nonce, enrolment, now: new Date(seconds * 1000) };
    for (const publicKey of [
      key.export({ type: "spki", format: "pem" }) as string,
      key.export({ type: "spki", format: "der" }),
    ]) {
      const cvKeys = [{ identifier: rootIdentifier, publicKey }];
      const result = await verifyPresence(proofs.whole, expected, { ...trust, cvKeys });
      expect(result.subject).toBe(enrolment.subject);
    }
    const cvKeys = [{ identifier: rootIdentifier, publicKey: "no key" }];
    await expect(
      verifyPresence(proofs.whole, expected, { ...trust, cvKeys }),
    ).rejects.toMatchObject({ code: "authority-malformed" });
  });
});

describe("an enrolment", () => {
  const cases = json<{ cases: EnrolmentCase[] }>("verify/enrolment-cases.json").cases;
  const { enrolments } = json<EnrolmentVector>("verify/enrolment.json");
  const head = certificate("user-authentication.der").subarray(0, 256);

  it.each(cases.filter(({ code }) => !code))("by $name is accepted", async (of) => {
    const result = await enrolmentCase(of);
    expect(result.method).toBe("pin");
    expect(result.enrolment).toEqual(enrolments["without certificate"]);
    expect(result.subject).toBe(result.enrolment.subject);
  });

  it.each(cases.filter(({ code }) => code))("by $name: $code", async (of) => {
    const error = await enrolmentCase(of).catch((error) => error);
    expect(error).toBeInstanceOf(KazashiError);
    expect(error.code).toBe(of.code);
  });

  it("keeps the certificate only if asked", async () => {
    const result = await enrolmentCase({ name: "" }, { keepCertificate: true });
    expect(result.enrolment).toEqual(enrolments["with certificate"]);
  });

  it("is not made with a revoked certificate", async () => {
    const revocation = () => ({ status: "revoked" }) as const;
    await expect(enrolmentCase({ name: "" }, {}, { revocation })).rejects.toMatchObject({
      code: "certificate-revoked",
    });
  });

  it("is found by the subject of a certificate", async () => {
    const found = await subject(certificate("user-authentication.der"), trust.pairwiseKey);
    expect(found).toBe(enrolments["without certificate"]?.subject);
    await expect(subject(head, trust.pairwiseKey)).rejects.toMatchObject({
      code: "certificate-malformed",
    });
  });

  it("is found by the head of a certificate", async () => {
    expect(await recognition(head, trust.pairwiseKey)).toBe(
      enrolments["with certificate"]?.recognition,
    );
    await expect(recognition(head.subarray(0, 64), trust.pairwiseKey)).rejects.toMatchObject({
      code: "certificate-malformed",
    });
    await expect(recognition(head, new Uint8Array(31))).rejects.toMatchObject({
      code: "pairwise-key-too-short",
    });
  });
});

describe("a virtual card", () => {
  it("is enrolled, and known again, under the root that kazashi/testing gives", async () => {
    const { card } = await put("normal");
    const trusting: PresenceTrust = {
      ...trust,
      authorities: await authorities(),
      cvKeys: [await cardSurfaceAuthority()],
    };
    const birthDate = "1980-02-17";
    const nonces = { pin: newNonce(), presence: newNonce() };
    const { token, proof } = await card.enrol({ nonces, birthDate });
    const first = { origin, pinNonce: nonces.pin, presenceNonce: nonces.presence, now };
    const { enrolment } = await verifyEnrolment(token, proof, first, trusting);

    const nonce = newNonce();
    const again = await card.provePresence({ nonce, birthDate });
    const presence = await verifyPresence(again, { origin, nonce, enrolment, now }, trusting);
    expect(presence.subject).toBe(enrolment.subject);
  });
});

describe("trust", () => {
  it("takes PEM of several authorities", async () => {
    const files = ["digital-signature-ca.der", "user-authentication-ca.der"];
    const pem = files.map((file) => new X509Certificate(certificate(file)).toString()).join("\n");
    const result = await verify(pin.token, expected, { ...trust, authorities: [pem] });
    expect(result.method).toBe("pin");
  });

  it("takes a single authority as it is", async () => {
    const der = certificate("user-authentication-ca.der");
    for (const authorities of [der, new X509Certificate(der).toString()]) {
      const result = await verify(pin.token, expected, { ...trust, authorities });
      expect(result.method).toBe("pin");
    }
  });

  it("takes no text for a key: services would have their subjects in common", async () => {
    const pairwiseKey = "a secret of 32 characters or more" as never;
    for (const made of [
      verify(pin.token, expected, { ...trust, pairwiseKey }),
      subject(certificate("user-authentication.der"), pairwiseKey),
    ]) {
      await expect(made).rejects.toMatchObject({
        code: "invalid-request",
        message: "pairwiseKey is missing or of another type",
      });
    }
  });

  it("takes no text for a flag", async () => {
    const acceptTestHierarchy = "false" as never;
    await expect(
      verify(pin.token, expected, { ...trust, acceptTestHierarchy }),
    ).rejects.toMatchObject({ code: "invalid-request" });
  });

  it("is what it was when the call was made", async () => {
    const key = new Uint8Array(32).fill(7);
    const verifying = verify(pin.token, expected, { ...trust, pairwiseKey: key });
    key.fill(0);
    expect((await verifying).subject).toBe((await verify(pin.token, expected, trust)).subject);
  });

  it.each([
    ["authority-malformed", { authorities: ["no certificate"] }],
    ["authority-missing", { authorities: [] }],
    ["authority-not-pinned", { cardAuthority: certificate("user-authentication-ca.der") }],
    ["authority-unsuitable", { authorities: [certificate("user-authentication.der")] }],
    ["pairwise-key-too-short", { pairwiseKey: new Uint8Array(31) }],
    ["certificate-of-test-hierarchy", { acceptTestHierarchy: false }],
  ])("with a fault says so: %s", async (code, change) => {
    const result = verify(pin.token, expected, { ...trust, ...change });
    await expect(result).rejects.toMatchObject({ code });
  });

  it("takes the authority from the card when its fingerprint is known", async () => {
    const cardAuthority = certificate("jpki/user-authentication-ca-test.der");
    const { pairwiseKey } = trust;
    // It is another authority of the same name than the one behind the test vectors.
    const result = verify(pin.token, expected, {
      cardAuthority,
      pairwiseKey,
      acceptTestHierarchy: true,
    });
    await expect(result).rejects.toMatchObject({ code: "certificate-untrusted" });
    await expect(verify(pin.token, expected, { cardAuthority, pairwiseKey })).rejects.toMatchObject(
      { code: "certificate-of-test-hierarchy" },
    );
  });
});

describe("a time", () => {
  it.each([new Date(Number.NaN), new Date(-1)])("that is none is refused: %s", async (now) => {
    await expect(verify(pin.token, { ...expected, now }, trust)).rejects.toMatchObject({
      code: "invalid-request",
      message: expect.stringContaining("now"),
    });
  });
});

describe("a digital signature certificate", () => {
  const der = certificate("digital-signature.der");
  const authorities = {
    authorities: [certificate("digital-signature-ca.der")],
    acceptTestHierarchy: true,
  };
  const now = new Date(seconds * 1000);
  const attributes = {
    name: "架空　花子",
    nameSubstitutes: Array(5).fill(false),
    address: "東京都清瀬市架空一丁目２番地３",
    addressSubstitutes: Array(15).fill(false),
    birthDate: { year: 1980, month: 2, day: 17, era: "showa", yearOfEra: 55 },
    sex: "female",
  };

  it("names its holder to who asks, and nowhere else", async () => {
    const read = await readDigitalSignatureCertificate(der);
    expect(read.attributes()).toEqual(attributes);
    expect(read.serialNumber()).toBe("1e6001");
    expect(JSON.stringify(read)).toBe("{}");
  });

  it("is verified like the certificate of a token", async () => {
    const verified = await verifyDigitalSignatureCertificate(der, authorities, now);
    expect(verified.attributes()).toEqual(attributes);
    expect(verified.revocation.status).toBe("not-checked");
    const good = { ...authorities, revocation: () => ({ status: "good" }) as const };
    const checked = await verifyDigitalSignatureCertificate(der, good, now);
    expect(checked.revocation).toEqual({ status: "good" });
  });

  it.each([
    ["authority-missing", { authorities: [certificate("user-authentication-ca.der")] }],
    ["certificate-of-test-hierarchy", { acceptTestHierarchy: false }],
    ["certificate-revoked", { revocation: () => ({ status: "revoked" }) as const }],
  ])("that is not to be trusted says why: %s", async (code, change) => {
    const result = verifyDigitalSignatureCertificate(der, { ...authorities, ...change }, now);
    await expect(result).rejects.toMatchObject({ code });
  });

  it("expires", async () => {
    const result = verifyDigitalSignatureCertificate(
      der,
      authorities,
      new Date("2045-02-17T15:00Z"),
    );
    await expect(result).rejects.toMatchObject({ code: "certificate-expired" });
  });

  it("is not the other one", async () => {
    const result = readDigitalSignatureCertificate(certificate("user-authentication.der"));
    await expect(result).rejects.toMatchObject({ code: "certificate-kind-unexpected" });
  });
});

describe("a nonce", () => {
  it("is 32 bytes in base64, each time others", () => {
    const nonces = [newNonce(), newNonce()];
    for (const nonce of nonces) expect(Buffer.from(nonce, "base64")).toHaveLength(32);
    expect(nonces[0]).not.toBe(nonces[1]);
  });
});

describe("a certificate's summary", () => {
  it("says what a person may be shown", async () => {
    expect(await certificateSummary(certificate("user-authentication.der"))).toEqual({
      kind: "user-authentication",
      hierarchy: "test",
      notBefore: new Date("2025-04-02T01:23:45Z"),
      notAfter: new Date("2045-02-17T14:59:59Z"),
      policy: "1.2.392.200149.8.5.1.0.30",
    });
  });

  it.each([
    ["digital-signature.der", "digital-signature", "1.2.392.200149.8.5.1.0.20"],
    ["digital-signature-ca.der", "digital-signature-ca", undefined],
    ["user-authentication-ca.der", "user-authentication-ca", undefined],
  ])("tells %s from the others", async (file, kind, policy) => {
    expect(await certificateSummary(certificate(file))).toMatchObject({ kind, policy });
  });

  it("is not made of anything else", async () => {
    const summary = certificateSummary(new Uint8Array([0x30, 0]));
    await expect(summary).rejects.toMatchObject({ code: "certificate-malformed" });
  });
});

function trustOfCase(of: TrustOfCase): PresenceTrust {
  const roots = of.cvKeys ?? { [rootIdentifier]: ["card-surface-authority.pem"] };
  const publicKey = (file: string) =>
    createPublicKey(read(`keys/${file}`)).export({ type: "spki", format: "der" });
  return {
    authorities: (of.authorities ?? ["user-authentication-ca.der"]).map(certificate),
    cvKeys: Object.entries(roots).flatMap(([identifier, files]) =>
      files.map((file) => ({ identifier, publicKey: publicKey(file) })),
    ),
    acceptTestHierarchy: of.acceptTestHierarchy ?? true,
    pairwiseKey: new Uint8Array(32).fill(of.pairwiseKey ?? 7),
  };
}

async function presenceCase(of: PresenceCase, change: Partial<PresenceTrust> = {}) {
  const { origin, nonce, enrolments, proofs } = json<PresenceVector>("verify/presence.json");
  const proof = proofs[of.proof ?? "whole"] ?? {};
  for (const [field, length] of Object.entries(of.keep ?? {})) {
    proof[field] = bytesOf(proof[field]).subarray(0, length).toString("base64");
  }
  if (of.flip) {
    const changed = bytesOf(proof[of.flip]);
    changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1);
    proof[of.flip] = changed.toString("base64");
  }
  for (const [field, value] of Object.entries(of.fields ?? {})) {
    if (value === null) delete proof[field];
    else proof[field] = value;
  }
  const text = of.text ?? JSON.stringify(proof).padEnd(of.padTo ?? 0);
  const stored = enrolments[of.enrolment ?? "without certificate"] as Enrolment;
  const { now = seconds, ...expected } = of.expected ?? {};
  const enrolment = { ...stored, ...of.enrolled };
  return verifyPresence(
    text,
    { origin, nonce, enrolment, ...expected, now: new Date(now * 1000) },
    { ...trustOfCase(of), ...change },
  );
}

async function enrolmentCase(
  of: EnrolmentCase,
  options: Partial<ExpectedEnrolment> = {},
  change: Partial<PresenceTrust> = {},
) {
  const vector = json<EnrolmentVector>("verify/enrolment.json");
  const { origin, pinNonce, presenceNonce, tokens, proofs } = vector;
  const { now = seconds, ...expected } = of.expected ?? {};
  return verifyEnrolment(
    tokens[of.token ?? "pin"],
    proofs[of.proof ?? "whole"],
    { origin, pinNonce, presenceNonce, ...expected, ...options, now: new Date(now * 1000) },
    { ...trustOfCase(of), ...change },
  );
}

function bytesOf(field: unknown): Buffer {
  return Buffer.from(String(field), "base64");
}

async function verifyCase(of: Case) {
  const { method, origin, nonce, token } = json<Signed>(`verify/${of.base ?? "pin"}.json`);
  if (of.certificate) token.unverifiedCertificate = certificate(of.certificate).toString("base64");
  if (of.keepSignatureBytes) {
    const signature = Buffer.from(String(token.signature), "base64");
    token.signature = signature.subarray(0, of.keepSignatureBytes).toString("base64");
  }
  for (const [field, value] of Object.entries(of.token ?? {})) {
    if (value === null) delete token[field];
    else token[field] = value;
  }
  const text = of.text ?? JSON.stringify(token).padEnd(of.padTo ?? 0);
  const { now = seconds, ...change } = of.expected ?? {};
  return verify(
    text,
    { method, origin, nonce, ...change, now: new Date(now * 1000) },
    {
      ...trust,
      authorities: (of.authorities ?? ["user-authentication-ca.der"]).map(certificate),
      acceptTestHierarchy: of.acceptTestHierarchy ?? true,
    },
  );
}
