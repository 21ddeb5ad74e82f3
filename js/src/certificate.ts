import type { CertificateSummary } from "./verify.js";

/** A certificate as read from the card. Nothing of it is verified. */
export class Certificate {
  /** Its DER encoding (X.509). It tells cards apart: keep it out of URLs, logs and stores. */
  readonly der: Uint8Array<ArrayBuffer>;

  constructor(der: Uint8Array<ArrayBuffer>) {
    this.der = der;
  }

  /**
   * What a person may be shown of it, without serial number and name. Loads another module.
   *
   * @throws KazashiError `certificate-malformed`, `module-unavailable`.
   */
  async summary(): Promise<CertificateSummary> {
    const { certificateSummary } = await import("./verify.js");
    return await certificateSummary(this.der);
  }

  /**
   * Its serial number (発行の番号) in hexadecimal, for those entitled to use it. Loads another module.
   *
   * @throws KazashiError `certificate-malformed`, `module-unavailable`.
   */
  async serialNumber(): Promise<string> {
    const { certificateSerialNumber } = await import("./verify.js");
    return await certificateSerialNumber(this.der);
  }
}
