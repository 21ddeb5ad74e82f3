import { KnownStays } from "../known-stays.ts";

/** The stays in which a card was received. */
export const served = new KnownStays(localStorage, "kazashi-desk:served");
