import { afterEach, expect, it, vi } from "vitest";
import { Api } from "../src/api.ts";

afterEach(() => void vi.unstubAllGlobals());

it("names a file that is too large before it is sent, and when a proxy says so", async () => {
  const answer = vi.fn(async () => new Response("<html>", { status: 413 }));
  vi.stubGlobal("fetch", answer);
  const large = new Blob([new Uint8Array(4 * 1024 * 1024 + 1)]);
  await expect(new Api().importTickets("E", large)).rejects.toMatchObject({ code: "too-large" });
  expect(answer).not.toHaveBeenCalled();
  const small = new Blob(["ticket,subject"]);
  await expect(new Api().importTickets("E", small)).rejects.toMatchObject({ code: "too-large" });
});

it("takes a refusal without a code for a server that cannot work, not for none", async () => {
  vi.stubGlobal("fetch", async () => new Response("", { status: 503 }));
  await expect(new Api().events()).rejects.toMatchObject({ code: "unavailable" });
});

it("says of what it asks by itself that nobody did, and of nothing else", async () => {
  vi.useFakeTimers();
  vi.advanceTimersByTime(60 * 60_000);
  const asked: [string, boolean][] = [];
  vi.stubGlobal("fetch", async (url: string, { headers }: { headers: Headers }) => {
    asked.push([url, headers.has("x-unattended")]);
    return Response.json({});
  });
  const api = new Api();
  await api.events();
  await api.findVisits({ name: "S" });
  await api.addAccount("S", "a password", "desk");
  vi.useRealTimers();
  expect(asked).toEqual([
    ["/api/gate/events", true],
    ["/api/board/search", true],
    ["/api/accounts", false],
  ]);
});
