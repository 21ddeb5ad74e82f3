import { everyCodeIsCausedOn } from "../errors/codes.ts";
import { WINDOWS } from "../workstation/wine.ts";

// Windows stops its service with the last reader: there it is no trouble, as `no-service.test.ts` has it.
// Nor does it hang up on those whom it does not let in; to Wine that is a service that stopped, too.
everyCodeIsCausedOn(WINDOWS, ["no-service", "reader-access-denied"]);
