import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type CardFace,
  type CardFaceOptions,
  type CardFaceReading,
  KazashiError,
  openCardFace,
} from "../src/card-face.js";
import { type CardKind, cardSurfaceAuthority } from "../src/testing.js";
import { newNonce } from "../src/verify.js";
import { failure, origin, put } from "./virtual-card.js";

const vectors = new URL("../../vectors/", import.meta.url);
const file = (path: string): Buffer => readFileSync(new URL(path, vectors));

/** `vectors/verify/card-face.json`: bytes in base64. */
type Vector = { origin: string; nonce: string; readings: Record<string, Record<string, string>> };
const vector: Vector = JSON.parse(file("verify/card-face.json").toString());

/** A case of `vectors/verify/card-face-cases.json`; the file says how to read it. */
type Case = {
  name: string;
  code?: string;
  unreadable?: boolean;
  reading?: string;
  expected?: { origin?: string; nonce?: string };
  acceptTestHierarchy?: boolean;
};
const { cases }: { cases: Case[] } = JSON.parse(file("verify/card-face-cases.json").toString());

const numbers = {
  normal: { birthDate: "1980-02-17", expiryYear: "2035", securityCode: "2285" },
} as const;

/** Reads the face of a virtual card, and opens it as the page does. */
async function read(kind: CardKind, options: Partial<CardFaceOptions> = {}) {
  const { card } = await put(kind);
  const nonce = newNonce();
  const reading = await card.readCardFace({ nonce, ...numbers.normal });
  const trusting = {
    origin,
    nonce,
    authorities: [await cardSurfaceAuthority()],
    acceptTestHierarchy: true,
  };
  return { reading, nonce, face: await openCardFace(reading, { ...trusting, ...options }) };
}

/** The reading of the vector that has images, with one of its bytes changed, or none. */
function drawn(change: (record: Buffer) => void = () => {}): CardFaceReading {
  const { record = "", cvCertificate = "", signature = "" } = vector.readings.drawn ?? {};
  const bytes = Buffer.from(record, "base64");
  change(bytes);
  return {
    record: new Uint8Array(bytes),
    cvCertificate: new Uint8Array(Buffer.from(cvCertificate, "base64")),
    signature: new Uint8Array(Buffer.from(signature, "base64")),
    appVersion: "",
  };
}

const trusting = async (): Promise<CardFaceOptions> => ({
  origin: vector.origin,
  nonce: vector.nonce,
  authorities: [await cardSurfaceAuthority()],
  acceptTestHierarchy: true,
});

/** Where the bytes stand in the record. */
const find = (record: Buffer, bytes: Buffer | string): number => {
  const at = record.indexOf(bytes);
  if (at < 0) throw new Error("there are no such bytes");
  return at;
};

const flip = (record: Buffer, at: number): number =>
  record.writeUInt8(record.readUInt8(at) ^ 1, at);

const grey = ({ photo }: CardFace, x: number, y: number): number[] => {
  const at = 4 * (y * photo.width + x);
  return [...photo.data.subarray(at, at + 4)];
};

describe("the face of a card", () => {
  it("is genuine, and shows what is printed on it", async () => {
    const { face } = await read("normal");
    expect(face.authenticity).toEqual({ genuine: true });
    expect(face).toMatchObject({ birthDate: "1980-02-17", sex: "female" });
    expect(face.unsigned.expiry).toBe("2035-02-17");
    expect(Buffer.from(face.name)).toEqual(file("../emulator/faces/hanako-name.png"));
    expect(Buffer.from(face.address)).toEqual(file("../emulator/faces/hanako-address.png"));
    const securityCode = Buffer.from(face.unsigned.securityCode);
    expect(securityCode).toEqual(file("../emulator/faces/hanako-security-code.png"));
  });

  it("has a photo, as OpenJPEG decodes it", async () => {
    const { face } = await read("normal");
    expect(face.photo).toMatchObject({ width: 378, height: 472 });
    expect(face.photo.data).toBeInstanceOf(Uint8ClampedArray);
    expect(face.photo.data).toHaveLength(378 * 472 * 4);
    for (const [x, y, value] of [
      [0, 0, 222],
      [189, 100, 63],
      [189, 236, 222],
      [120, 200, 223],
      [189, 400, 206],
      [377, 471, 222],
    ] as const) {
      const [red = 0, green, blue, alpha] = grey(face, x, y);
      expect([green, blue, alpha]).toEqual([red, red, 255]);
      expect(Math.abs(red - value), `at ${x}, ${y}`).toBeLessThanOrEqual(1);
    }
  });

  it("comes with a proof that has digests for the images", async () => {
    const { face, reading } = await read("normal");
    const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("base64");
    const photo = file("../emulator/faces/hanako-photo.jp2");
    const header = Buffer.from([0xdf, 0x27, 0x82, photo.length >> 8, photo.length & 0xff]);
    expect(face.proof).toMatchObject({
      format: "kazashi-card-face:1",
      photoDigest: sha256(Buffer.concat([header, photo])),
      cvCertificate: Buffer.from(reading.cvCertificate).toString("base64"),
      signature: Buffer.from(reading.signature).toString("base64"),
      appVersion: reading.appVersion,
    });
    expect(Object.keys(face.proof).sort()).toEqual([
      "appVersion",
      "attributes",
      "cvCertificate",
      "format",
      "imagesDigest",
      "photoDigest",
      "recordSignature",
      "signature",
    ]);
  });

  it("is shown also where it is not genuine, and says why", async () => {
    const { face } = await read("foreign-root");
    expect(face.authenticity).toEqual({ genuine: false, code: "cv-certificate-untrusted" });
    expect(face.birthDate).toBe("1980-02-17");
    expect(face.photo.width).toBe(378);
  });

  it("is not genuine for another page, for another nonce, or without the right root", async () => {
    const authenticity = async (options: Partial<CardFaceOptions>) =>
      (await read("normal", options)).face.authenticity;
    const mismatch = { genuine: false, code: "signature-mismatch" };
    const untrusted = { genuine: false, code: "cv-certificate-untrusted" };
    expect(await authenticity({ origin: "https://other.example" })).toEqual(mismatch);
    expect(await authenticity({ nonce: newNonce() })).toEqual(mismatch);
    expect(await authenticity({ authorities: [] })).toEqual(untrusted);
    expect(await authenticity({ acceptTestHierarchy: false })).toEqual(untrusted);
  });

  it("is not opened with options that are none", async () => {
    const publicKey = new Uint8Array(3);
    for (const [options, code] of [
      [{ origin: "https://portal.example/" }, "origin-malformed"],
      // There is no page here whose origin it could be.
      [{ origin: undefined }, "origin-malformed"],
      [{ nonce: "AAAA" }, "nonce-malformed"],
      [{ authorities: [{ identifier: "39", publicKey }] }, "authority-malformed"],
    ] as const) {
      const error = await failure(openCardFace(drawn(), { ...(await trusting()), ...options }));
      expect(error).toBeInstanceOf(KazashiError);
      expect(error).toMatchObject({ code });
    }
  });
});

describe("a record", () => {
  // Those that change the proof itself are for the server; those that have images are here.
  it.each(cases.filter(({ unreadable }) => unreadable))("of $name is malformed", async (of) => {
    const { record = "" } = vector.readings[of.reading ?? ""] ?? {};
    const reading = { ...drawn(), record: new Uint8Array(Buffer.from(record, "base64")) };
    expect(await failure(openCardFace(reading, await trusting()))).toMatchObject({
      code: "card-malformed",
    });
  });

  it.each([
    ["name", file("../emulator/faces/hanako-name.png"), 40],
    ["address", file("../emulator/faces/hanako-address.png"), 40],
    ["photo", file("../emulator/faces/hanako-photo.jp2"), 3000],
    ["birth date", "19800217", 7],
    ["public key", Buffer.from("df2482010990", "hex"), 100],
    ["signature", Buffer.from("df28820100", "hex"), 100],
  ] as const)("with an altered %s is not genuine", async (_, bytes, offset) => {
    const reading = drawn((record) => flip(record, find(record, bytes) + offset));
    expect((await openCardFace(reading, await trusting())).authenticity).toEqual({
      genuine: false,
      code: "card-record-forged",
    });
  });

  it("with an altered expiry is still genuine: nobody vouches for that", async () => {
    const reading = drawn((record) => {
      record[find(record, "20350217") + 3] = 0x39;
    });
    const face = await openCardFace(reading, await trusting());
    expect(face.authenticity).toEqual({ genuine: true });
    expect(face.unsigned.expiry).toBe("2039-02-17");
  });

  it.each([
    ["name that is no PNG", file("../emulator/faces/hanako-name.png"), 0],
    ["name of 16777432 pixels", file("../emulator/faces/hanako-name.png"), 16],
    ["security code that is no PNG", file("../emulator/faces/hanako-security-code.png"), 12],
    ["photo without a codestream", Buffer.from("ff4fff51", "hex"), 1],
    ["photo of 16777594 pixels", Buffer.from("ff4fff51", "hex"), 8],
    ["photo whose header is another's", Buffer.from("ff52", "hex"), 1],
  ] as const)("with a %s is malformed", async (_, bytes, offset) => {
    const reading = drawn((record) => flip(record, find(record, bytes) + offset));
    expect(await failure(openCardFace(reading, await trusting()))).toMatchObject({
      code: "card-malformed",
    });
  });

  it("with a photo of many small tiles is malformed", async () => {
    const reading = drawn((record) => {
      const size = find(record, Buffer.from("ff4fff51", "hex"));
      for (const at of [24, 28]) record.writeUInt32BE(16, size + at);
    });
    expect(await failure(openCardFace(reading, await trusting()))).toMatchObject({
      code: "card-malformed",
    });
  });

  it("that the decoder gives up on leaves nothing behind for the next", async () => {
    // As many precincts as there can be (ISO/IEC 15444-1, A.5.1 and A.6.1), which need more memory than
    // the module has. The comment behind COD and QCD makes room for their sizes.
    const huge = drawn((record) => {
      const size = find(record, Buffer.from("ff4fff51", "hex"));
      for (const at of [8, 12, 24, 28]) record.writeUInt32BE(1024, size + at);
      const [cod, qcd, comment, tile] = ["ff52000c", "ff5c", "ff640025", "ff90000a"].map((marker) =>
        find(record, Buffer.from(marker, "hex")),
      ) as [number, number, number, number];
      Buffer.concat([
        Buffer.from("ff52001201", "hex"),
        record.subarray(cod + 5, qcd),
        Buffer.from("001111111111", "hex"),
        record.subarray(qcd, comment),
        Buffer.from("ff64001f", "hex"),
        record.subarray(comment + 4, tile - 6),
      ]).copy(record, cod);
    });
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await failure(openCardFace(huge, await trusting()))).toMatchObject({
        code: "card-malformed",
        cause: expect.any(WebAssembly.RuntimeError),
      });
      const face = await openCardFace(drawn(), await trusting());
      expect(face.authenticity).toEqual({ genuine: true });
    }
  });
});
