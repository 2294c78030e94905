/** The server counts a query's places in UTF-8 bytes, the browser in UTF-16 code units. */

/** Bytes of the first n code units. */
export function toBytes(text: string, units: number): number {
  return new TextEncoder().encode(text.slice(0, units)).length;
}

/** Code units that the first n bytes hold; a place inside a character counts as before it. */
export function toUnits(text: string, bytes: number): number {
  let seen = 0;
  let units = 0;
  for (const c of text) {
    seen += new TextEncoder().encode(c).length;
    if (seen > bytes) break;
    units += c.length;
  }
  return units;
}
