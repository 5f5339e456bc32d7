// Bytes as text in base 16.

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** @returns the bytes between two positions in lower case, two digits each. */
export function hex(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = '';
  for (let i = start; i < end; i++) text += DIGITS[bytes[i]!]!;
  return text;
}
