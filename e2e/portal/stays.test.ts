import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { inPackage, withCard } from "../package.ts";
import { Desk, REMEMBERED } from "./reception/desk.ts";
import { look } from "./reception/look.ts";
import { setUpReception } from "./reception/reception.ts";
import { ACCOUNT } from "./reception/server.ts";

// One card on the reader, from when it is put there until it is taken off: it is received once, whatever
// happens to the page; and a page that was taken over cannot pass another card off for it.

const reception = setUpReception();
const { workstation } = reception;

/** Somebody else's card. */
let taro: string;

beforeAll(async () => {
  taro = await workstation.newCard("another-person");
});

async function visits(): Promise<number> {
  return (await reception.staff.visits()).length;
}

test("a card that stays is received once, however often the page comes anew", async () => {
  const newcomer = await reception.openDeskForHolder();
  await newcomer.choosePin(REMEMBERED);
  await newcomer.typeBirthDate();
  workstation.dialog.type("1234");
  await newcomer.press("進む");
  expect(await newcomer.number()).toBe(1);
  await newcomer.page.close();
  await workstation.removeCard();

  const desk = await reception.openDeskForHolder();
  const { page } = desk;
  expect(await desk.number()).toBe(2);
  await page.getByRole("link", { name: "画面の選択に戻る" }).click();
  await page.getByRole("link", { name: "受付状況" }).click();
  await page.locator("tbody tr").nth(1).waitFor();
  await page.goBack();
  await page.goBack();
  await desk.shows("カードをお取りください");
  await page.reload();
  await desk.shows("カードをお取りください");
  const another = new Desk(await reception.open("desk"));
  await another.shows("カードをお取りください");
  await another.page.close();
  // Another browser on this workstation is told of the visit that was.
  const stranger = await reception.openDeskInNewWindow();
  expect(await stranger.number()).toBe(2);
  await stranger.page.close();
  expect(await visits()).toBe(2);
});

test("a card that stays while the bridge starts anew is not received again, another one is", async () => {
  const desk = await reception.openDeskForHolder();
  expect(await desk.number()).toBe(3);
  await desk.press("次の方へ");
  await desk.shows("カードをお取りください");
  await workstation.bridge.stop();
  await desk.trouble("disconnected");
  await workstation.restartBridge();
  await desk.shows("カードをお取りください");
  expect(await visits()).toBe(3);

  // It goes away again before the page knows the card, or after.
  for (const pause of [0, 50, 100, 200, 400]) {
    await workstation.bridge.stop();
    await desk.trouble("disconnected");
    await workstation.restartBridge();
    await desk.page.locator("main [data-code=disconnected]").waitFor({ state: "detached" });
    await sleep(pause);
  }
  await desk.shows("カードをお取りください");
  expect(await visits()).toBe(3);

  // It is there before it knows of any reader.
  await workstation.bridge.stop();
  await desk.trouble("disconnected");
  workstation.pcscd.stand();
  await workstation.restartBridge();
  await desk.trouble("no-reader");
  workstation.pcscd.goOn();
  await desk.shows("カードをお取りください");
  expect(await visits()).toBe(3);

  await workstation.bridge.stop();
  await desk.trouble("disconnected");
  await workstation.swapCard(taro);
  await workstation.restartBridge();
  await desk.shows("受付の方法を選んで");
});

test("a card that was put there while the page was elsewhere has its turn", async () => {
  const desk = await reception.openDeskFor(workstation.card);
  expect(await desk.number()).toBe(4);
  await desk.page.getByRole("link", { name: "画面の選択に戻る" }).click();
  await workstation.swapCard(taro);
  await desk.page.getByRole("link", { name: "受付窓口" }).click();
  await desk.shows("受付の方法を選んで");
});

test("a number stays until the next card", async () => {
  const desk = await reception.openDesk();
  await desk.page.clock.install();
  await desk.page.reload();
  await desk.isReady();
  await workstation.swapCard(workstation.card);
  expect(await desk.number()).toBe(5);
  await workstation.removeCard();
  await desk.page.clock.fastForward(10 * 60_000);
  expect(await desk.number()).toBe(5);
  await look(desk.page, "number-stays");
  await workstation.swapCard(taro);
  await desk.shows("受付の方法を選んで");
});

/** The portal's own page, in which a script of somebody else runs. */
async function takenOver(): Promise<Page> {
  const page = await reception.open("");
  await page.locator(".choices").waitFor();
  await page.route("**/kazashi/**", (route, request) =>
    route.fulfill({ path: inPackage(new URL(request.url()).pathname.replace("/kazashi/", "")) }),
  );
  return page;
}

/** Asks the portal's server as its page does, in a script of the page. */
const API = `
  const { csrf, terminalCertificates } = await (await fetch("/api/session")).json();
  const post = async (path, body) => {
    const headers = { "content-type": "application/json", "x-csrf-token": csrf };
    const answer = await fetch("/api" + path, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: answer.status, ...(await answer.json()) };
  };
  const nonces = async (...methods) => (await post("/nonces", { methods })).nonces;
`;

test("a page that was taken over has nothing signed for a card that nobody compared", async () => {
  const page = await takenOver();
  await workstation.swapCard(workstation.card);
  // One card's face is compared, and the staff say that it matches.
  const compared = await withCard(
    page,
    `${API}
    const { openCardFace } = await import("/kazashi/card-face.js");
    const { presence: faceNonce, terminal: terminalNonce } = await nonces("presence", "terminal");
    const number = { birthDate: "1980-02-17", expiryYear: "2035", securityCode: "2285" };
    const reading = await card.readCardFace({ nonce: faceNonce, ...number });
    const authorities = (await (await fetch("/api/session")).json()).cardAuthorities.map(
      ({ identifier, publicKey }) =>
        ({ identifier, publicKey: Uint8Array.from(atob(publicKey), (it) => it.charCodeAt(0)) }),
    );
    const options = { nonce: faceNonce, authorities, acceptTestHierarchy: true };
    const { proof } = await openCardFace(reading, options);
    const check = { id: crypto.randomUUID(), faceNonce, face: proof, terminalNonce, decision: "match" };
    const { status } = await post("/desk/checks", { ...check, code: given.code });
    return { status, check };`,
    { code: ACCOUNT.password },
  );
  expect(compared.status).toBe(201);

  // Another card is put there, for which the institution is to sign.
  await workstation.swapCard(taro);
  const outcome = await withCard(
    page,
    `${API}
    const { faceNonce, face, terminalNonce: nonce } = given;
    let answer;
    const sign = async (word) => {
      answer = await post("/desk/terminal-signature", { nonce, word, faceNonce, face });
      return answer.signature ?? "";
    };
    await card
      .authenticatePinless({ nonce, terminal: { certificates: terminalCertificates, sign } })
      .catch(() => {});
    return answer;`,
    compared.check,
  );
  const requestId = expect.any(String);
  expect(outcome).toEqual({ status: 403, code: "terminal-not-signed", requestId });
  expect(await reception.staff.timesRecorded("check-match")).toBe(1);
});

test("a page that was taken over has no card remembered for the holder of another", async () => {
  const page = await takenOver();
  const before = await visits();
  await workstation.swapCard(taro);
  workstation.dialog.type("1234");
  const signed = await withCard(
    page,
    `${API}
    const { pin, presence } = await nonces("pin", "presence");
    return { nonces: { pin, presence }, token: await card.authenticate({ nonce: pin }) };`,
  );
  await workstation.swapCard(workstation.card);
  const outcome = await withCard(
    page,
    `${API}
    const nonce = given.nonces.presence;
    const proof = await card.provePresence({ nonce, birthDate: "1980-02-17" });
    const consent = { items: [], remember: true };
    const visit = { ...given, id: crypto.randomUUID(), road: "pin", proof, consent };
    const words = [undefined, await card.vouch()];
    const answers = [];
    for (const word of words) answers.push(await post("/desk/visits", { ...visit, word }));
    return answers;`,
    signed,
  );
  for (const { status } of outcome) expect(status).toBe(400);
  expect(await visits()).toBe(before);
});
