import { pageMayCountOn } from "./contract.ts";
import { TestedVirtualHost } from "./tested-virtual-host.ts";

pageMayCountOn("virtual host", new TestedVirtualHost());
