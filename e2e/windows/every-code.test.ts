import { everyCodeIsCausedOn } from "../errors/codes.ts";
import { WINDOWS } from "../workstation/wine.ts";

// Windows stops its service with the last reader: there it is no trouble, as `no-service.test.ts` has it.
everyCodeIsCausedOn(WINDOWS, ["no-service"]);
