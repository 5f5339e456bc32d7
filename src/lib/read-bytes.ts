// Reading the small bodies of access: a few hundred bytes, a few kilobytes at most.
// (src/lib/bytes.ts is for large ones, and needs byte streams.)

/** @returns all bytes of a body, or null if it has more than `maxBytes`: then it has been cancelled. */
export async function readBytes(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) return null; // leaving the loop cancels the body
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
