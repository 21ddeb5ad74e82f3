import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { setUp } from "../set-up.ts";
import { look } from "./reception/look.ts";
import { Provider } from "./reception/provider.ts";
import { setUpReception } from "./reception/reception.ts";
import { ACCOUNT } from "./reception/server.ts";
import { PortalSession } from "./reception/session.ts";

// Staff whose accounts are their organization's: its provider of OpenID Connect says who they are, and
// what they may do.

const provider = setUp(new Provider());
const reception = setUpReception({
  server: () => {
    const secret = join(reception.workstation.folder, "provider.secret");
    writeFileSync(secret, `${provider.secret}\n`);
    return provider.arguments(secret);
  },
});

beforeEach(() => {
  provider.isForged = false;
  provider.claims = { preferred_username: "taro", roles: ["everybody", "reception"] };
});

/** What the portal says to the provider's answer, brought in this session or in another. */
async function signIn(bringer?: PortalSession) {
  const asker = await PortalSession.open(reception.origin);
  const { address } = (await asker.post("/api/session/openid", {})).body;
  const asked = await fetch(address, { redirect: "manual" });
  const back = new URL(asked.headers.get("location") ?? "").searchParams;
  const answer = { state: back.get("state"), code: back.get("code") };
  const { status, body } = await (bringer ?? asker).post("/api/session/openid/answer", answer);
  return {
    status,
    code: body.code,
    account: body.account,
    again: () => asker.post("/api/session/openid/answer", answer),
  };
}

test("staff sign in with one press, and nothing of it stays in the address", async () => {
  const page = await reception.openSignedOut();
  await look(page, "single-sign-on");
  await page.getByRole("button", { name: "組織のアカウントでサインイン" }).click();
  await page.locator(".choices").waitFor();
  expect(await page.textContent(".account")).toBe("taro");
  expect(page.url()).toBe(`${reception.origin}/`);
  // Staff sees no settings.
  expect(await page.getByRole("link", { name: "設定" }).count()).toBe(0);
  expect(await reception.staff.timesRecorded("sign-in")).toBeGreaterThan(0);
});

test("who is given another role has it from the next time on", async () => {
  expect((await signIn()).account).toMatchObject({ name: "taro", role: "staff" });
  provider.claims = { ...provider.claims, roles: ["portal-admins"] };
  expect((await signIn()).account).toMatchObject({ name: "taro", role: "administrator" });
});

test("who has no role here is told so, and has no account", async () => {
  provider.claims = { preferred_username: "jiro", roles: ["everybody"] };
  const page = await reception.openSignedOut();
  await page.getByRole("button", { name: "組織のアカウントでサインイン" }).click();
  await page.getByText("このアカウントには受付ポータルの権限がありません").waitFor();
  await look(page, "single-sign-on-no-role");
  const { accounts } = (await reception.staff.get("/api/accounts")).body;
  expect(JSON.stringify(accounts)).not.toContain("jiro");
});

test("nobody takes over an account with a password, nor gives one to an account without", async () => {
  provider.claims = { preferred_username: ACCOUNT.name, roles: ["portal-admins"] };
  expect(await signIn()).toMatchObject({ status: 403, code: "account-has-password" });
  const guest = await PortalSession.open(reception.origin);
  const typed = { name: "taro", password: "openid-connect" };
  expect((await guest.signIn(typed)).status).toBe(403);
});

test.each([
  ["of another provider", { iss: "https://elsewhere.example" }],
  ["for another portal", { aud: "elsewhere" }],
  ["to another question", { nonce: "another" }],
  ["that is over", { exp: 1_700_000_000 }],
])("an answer %s signs nobody in", async (_, claims) => {
  provider.claims = { ...provider.claims, ...claims };
  expect(await signIn()).toMatchObject({ status: 403, code: "provider-refused" });
});

test("an answer that somebody else signed, or that is brought twice or elsewhere, signs nobody in", async () => {
  provider.isForged = true;
  expect(await signIn()).toMatchObject({ status: 403, code: "provider-refused" });
  provider.isForged = false;
  const stranger = await PortalSession.open(reception.origin);
  expect(await signIn(stranger)).toMatchObject({ status: 403, code: "provider-refused" });
  const signedIn = await signIn();
  expect(signedIn.status).toBe(200);
  expect((await signedIn.again()).status).toBe(403);
});

test("staff without a password have a code of their own, and their password elsewhere", async () => {
  provider.claims = { ...provider.claims, preferred_username: "mari" };
  const page = await reception.openSignedOut();
  await page.getByRole("button", { name: "組織のアカウントでサインイン" }).click();
  await page.getByRole("link", { name: "mari" }).click();
  await page.locator("[name=code]").fill("482913");
  await page.getByRole("button", { name: "確認番号を決める" }).click();
  await page.getByText("確認番号を決めました").waitFor();
  await page.getByText("パスワードは組織の認証サーバーで変更してください").waitFor();
  await look(page, "own-account-elsewhere");
});

test("while the provider is away, staff with a password sign in", async () => {
  await provider.stop();
  const page = await reception.openSignedOut();
  await page.getByRole("button", { name: "組織のアカウントでサインイン" }).click();
  await page.getByText("組織の認証サーバーに接続できません").waitFor();
  const guest = await PortalSession.open(reception.origin);
  expect((await guest.signIn()).status).toBe(200);
});
