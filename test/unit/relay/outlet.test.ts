import { describe, expect, it } from 'vitest';
import { PulledOutlet } from '../../../src/relay/outlet.ts';

const BYTES = Uint8Array.of(1, 2, 3);

/** Whether it has come to pass once everything that is due has run. */
async function hasPassed(promise: Promise<void>): Promise<boolean> {
  let passed = false;
  void promise.then(() => (passed = true));
  await new Promise((resolve) => setTimeout(resolve, 5));
  return passed;
}

function outlet() {
  const gone = { told: false };
  const pulled = new PulledOutlet(() => (gone.told = true));
  return { pulled, gone, reader: pulled.readable.getReader() };
}

describe('what is written', () => {
  it('has been taken when the client asks for more, not before', async () => {
    const { pulled, reader } = outlet();
    pulled.write(BYTES);
    const taken = pulled.taken();
    expect(await hasPassed(taken)).toBe(false);
    expect((await reader.read()).value).toEqual(BYTES);
    expect(await hasPassed(taken)).toBe(false);
    const next = reader.read();
    expect(await hasPassed(taken)).toBe(true);
    expect(pulled.isWanting).toBe(true);
    expect(await hasPassed(pulled.taken())).toBe(true);
    pulled.write(BYTES);
    expect((await next).value).toEqual(BYTES);
  });

  it.each<[string, (pulled: PulledOutlet) => void]>([
    ['closed', (pulled) => pulled.close()],
    ['broken', (pulled) => pulled.abort(new Error('gone'))],
  ])('is waited for by nobody once the body is %s', async (_, end) => {
    const { pulled, reader } = outlet();
    reader.closed.catch(() => {});
    pulled.write(BYTES);
    const before = pulled.taken();
    end(pulled);
    expect(await hasPassed(before)).toBe(true);
    expect(await hasPassed(pulled.taken())).toBe(true);
  });

  it('has no taker when the client leaves, which is told', async () => {
    const { gone, reader } = outlet();
    await reader.cancel();
    expect(gone.told).toBe(true);
  });
});
