import { beforeAll, expect, test } from "vitest";
import { setUp } from "../set-up.ts";
import { CountingGate, Crowd, enrol, type Person, useVirtualReader } from "./reception/crowd.ts";
import { setUpReception } from "./reception/reception.ts";

// Twenty visitors with twenty cards, through the gate one close behind the other: each next card is put
// on the reader as soon as the gate has said something of the last.

const PEOPLE = 20;

// Each card has keys of its own to be found, by a program that may not be optimised.
const crowd = setUp(new Crowd(PEOPLE), 300_000);
const reception = setUpReception({ server: crowd.authorities });
const { workstation } = reception;

beforeAll(() => useVirtualReader(reception));

test("each visitor is let in by the ticket of their own card, and once", async () => {
  const { people } = crowd;
  const event = await enrol(reception, people);
  const gate = await CountingGate.open(reception);
  const pass = ({ card }: Person) => gate.pass(() => workstation.bridge.type(`swap ${card}\n`));
  for (const [index, person] of people.entries()) {
    const { tone, ticket } = await pass(person);
    expect({ tone, ticket: ticket.trim() }).toEqual({
      tone: "admitted",
      ticket: expect.stringMatching(new RegExp(`\\bA-${index + 1}$`)),
    });
  }
  for (const person of people.slice(0, 3)) {
    expect(await pass(person)).toMatchObject({ tone: "refused" });
  }
  const events = [{ id: event, tickets: PEOPLE, admitted: PEOPLE }];
  expect(await reception.staff.events()).toMatchObject(events);
});
