import { pageMayCountOn } from "../hosts/contract.ts";
import { TestedBridge } from "../hosts/tested-bridge.ts";
import { WINDOWS_WITH_DIALOG } from "../workstation/wine.ts";

pageMayCountOn(
  "bridge for Windows with its dialog",
  new TestedBridge("reader", WINDOWS_WITH_DIALOG),
);
