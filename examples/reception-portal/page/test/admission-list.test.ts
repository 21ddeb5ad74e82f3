import { expect, it } from "vitest";
import { AdmissionList } from "../src/gate/admission-list.ts";

it("finds a certificate by the tag that another implementation of HMAC made", async () => {
  const list = new AdmissionList();
  const key = btoa("\x07".repeat(32));
  // openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…07 over the SHA-256 of the bytes 30 00 01
  const tag = "BpzeHirmVJNH7ZS2qifpv0CCP5yP7jiJCPWY8Onq6K8";
  const ticket = { tag, ticket: "A-1", expires: "2030-01-01T00:00:00Z", admitted: false };
  await list.replace({ at: "2026-11-25T09:00:00Z", key, reEntry: false, tickets: [ticket] });
  const found = await list.find(Uint8Array.of(0x30, 0x00, 0x01));
  expect(found).toEqual({ is: "admissible", ticket: "A-1", isAgain: false });
});
