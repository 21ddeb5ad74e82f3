import { createHash, verify as verifySignature, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  certificateSummary,
  type Expected,
  KazashiError,
  newNonce,
  type Revocation,
  type Trust,
  verify,
} from "../src/verify.js";

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

const pin = json<Signed>("verify/pin.json");
const seconds = 1767225600;
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

  it("does not come of a revocation check that fails", async () => {
    const revocation = () => Promise.reject(new Error("the line is down"));
    const result = verify(pin.token, expected, { ...trust, revocation });
    await expect(result).rejects.toThrow("the line is down");
  });
});

describe("trust", () => {
  it("takes PEM of several authorities", async () => {
    const files = ["digital-signature-ca.der", "user-authentication-ca.der"];
    const pem = files.map((file) => new X509Certificate(certificate(file)).toString()).join("\n");
    const result = await verify(pin.token, expected, { ...trust, authorities: [pem] });
    expect(result.method).toBe("pin");
  });

  it.each([
    ["authority-malformed", { authorities: ["no certificate"] }],
    ["authority-unsuitable", { authorities: [certificate("user-authentication.der")] }],
    ["pairwise-key-too-short", { pairwiseKey: new Uint8Array(31) }],
    ["certificate-of-test-hierarchy", { acceptTestHierarchy: false }],
  ])("with a fault says so: %s", async (code, change) => {
    const result = verify(pin.token, expected, { ...trust, ...change });
    await expect(result).rejects.toMatchObject({ code });
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
