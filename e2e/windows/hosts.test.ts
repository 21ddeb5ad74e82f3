import { pageMayCountOn } from "../hosts/contract.ts";
import { TestedBridge } from "../hosts/tested-bridge.ts";
import { WINDOWS } from "../workstation/wine.ts";

pageMayCountOn("bridge for Windows with pcscd", new TestedBridge("reader", WINDOWS));
