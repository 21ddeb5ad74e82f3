import { afterAll, beforeAll, expect, test } from "vitest";
import {
  authoritiesOf,
  CountingGate,
  enrol,
  issueCards,
  type Person,
  peopleOf,
  useVirtualReader,
} from "../harness/crowd.ts";
import { Reception } from "../harness/reception.ts";

// Twenty visitors with twenty cards, through the gate one close behind the other: each next card is put
// on the reader as soon as the gate has said something of the last.

const PEOPLE = 20;

let reception: Reception;
let people: Person[];

beforeAll(async () => {
  const cards = await issueCards(PEOPLE);
  people = peopleOf(cards);
  reception = await Reception.start({ name: "portal-crowd", server: authoritiesOf(cards) });
  await useVirtualReader(reception);
}, 120_000);
afterAll(() => reception?.stop());

test("each visitor is let in by the ticket of their own card, and once", async () => {
  const event = await enrol(reception, people);
  const gate = await CountingGate.open(reception);
  const pass = ({ card }: Person) => gate.pass(() => reception.bridge?.type(`swap ${card}\n`));
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
  const { events } = (await reception.ask("/api/gate/events")).body;
  expect(events).toMatchObject([{ id: event, tickets: PEOPLE, admitted: PEOPLE }]);
  expect(reception.faults).toEqual([]);
});
