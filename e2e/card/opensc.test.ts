import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { inProject } from "../paths.ts";
import { run as runProgram } from "../program.ts";
import { setUp } from "../set-up.ts";
import { Workstation } from "../workstation/workstation.ts";

// OpenSC was written for the real card by others: what it accepts, we have not agreed with ourselves.

const workstation = setUp(new Workstation());
const { folder } = workstation;

beforeAll(() => workstation.startReader());

/** Runs a program in the folder of this run. */
function run(...command: string[]): Promise<string> {
  return runProgram(command, { cwd: folder, timeout: 20_000 });
}

test("opensc-tool recognises the card", async () => {
  expect(await run("opensc-tool", "--name")).toContain("jpki");
});

test("pkcs15-tool dumps both PINs, both keys and all certificates", async () => {
  const dump = await run("pkcs15-tool", "--dump");
  for (const object of [
    "PIN [User Authentication PIN]",
    "PIN [Digital Signature PIN]",
    "Private RSA Key [User Authentication Key]",
    "Private RSA Key [Digital Signature Key]",
    "X.509 Certificate [User Authentication Certificate]",
    "X.509 Certificate [Digital Signature Certificate]",
    "X.509 Certificate [User Authentication Certificate CA]",
    "X.509 Certificate [Digital Signature Certificate CA]",
  ]) {
    expect(dump).toContain(object);
  }
  expect(dump.match(/Tries left {5}: \d/g)).toEqual(["Tries left     : 3", "Tries left     : 5"]);
});

test.each([
  ["user-authentication", "1"],
  ["user-authentication-ca", "3"],
  ["digital-signature-ca", "4"],
])("the %s certificate is read without a PIN", async (name, id) => {
  const pem = await run("pkcs15-tool", "--read-certificate", id);
  expect(new X509Certificate(pem).raw).toEqual(certificate(name).raw);
});

test("the digital signature certificate is read after its password, and not before", async () => {
  const read = ["--read-certificate", "2"];
  await expect(run("pkcs15-tool", ...read)).rejects.toThrow("Certificate read failed");
  const login = ["--verify-pin", "--auth-id", "02", "--pin", "ABC123"];
  const pem = await run("pkcs15-tool", ...read, ...login);
  expect(new X509Certificate(pem).raw).toEqual(certificate("digital-signature").raw);
});

test.each([
  ["user-authentication", "1", "1234"],
  ["digital-signature", "2", "ABC123"],
])("openssl verifies what the %s key signs", async (name, key, pin) => {
  const [data, digest, signature, publicKey] = ["data", "digest", "signature", "key.pem"];
  writeFileSync(join(folder, data), `to be signed with the ${name} key`);
  writeFileSync(join(folder, publicKey), publicKeyPem(name));
  await run("openssl", "dgst", "-sha256", "-binary", "-out", digest, data);

  const padding = ["--pkcs1", "--sha-256", "--raw"];
  const files = ["--input", digest, "--output", signature];
  await run("pkcs15-crypt", "--sign", ...padding, "--key", key, "--pin", pin, ...files);
  const check = ["-verify", publicKey, "-signature", signature, data];
  expect(await run("openssl", "dgst", "-sha256", ...check)).toBe("Verified OK\n");
});

test("a wrong PIN costs a try, and the emulator's trace holds no PIN", async () => {
  writeFileSync(join(folder, "digest"), Buffer.alloc(32));
  const sign = ["--sign", "--pkcs1", "--sha-256", "--raw", "--key", "1", "--input", "digest"];
  await expect(run("pkcs15-crypt", ...sign, "--pin", "9876")).rejects.toThrow("PIN");
  expect(await run("pkcs15-tool", "--list-pins")).toContain("Tries left     : 2");

  const trace = workstation.holder.output;
  expect(trace).toContain("00 20 00 80 Nc=4 Ne=0 -> 63C2");
  for (const pin of ["1234", "ABC123", "9876"]) {
    const hex = Buffer.from(pin).toString("hex");
    expect(trace.toLowerCase().replaceAll(" ", "")).not.toContain(hex);
  }
});

function certificate(name: string): X509Certificate {
  return new X509Certificate(readFileSync(inProject(`vectors/certificates/${name}.der`)));
}

function publicKeyPem(name: string): string | Buffer {
  return certificate(name).publicKey.export({ type: "spki", format: "pem" });
}
