import { expect, it } from "vitest";
import { AdmissionList } from "../src/gate/admission-list.ts";

it("finds a certificate by the tag that another implementation of HMAC made", async () => {
  const list = new AdmissionList();
  const key = btoa("\x07".repeat(32));
  // openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…07 over the bytes 30 00 01
  const tag = "MyJQUMl6HDw3a0UWEXyW4ILYiHiSO1Sm1Yjw7nm7wsI";
  const ticket = { tag, ticket: "A-1", expires: "2030-01-01T00:00:00Z", admitted: false };
  await list.replace({ key, tickets: [ticket] });
  const now = new Date("2026-11-25T09:00:00Z");
  const found = await list.find(Uint8Array.of(0x30, 0x00, 0x01), now);
  expect(found).toEqual({ is: "admissible", ticket: "A-1" });
});
