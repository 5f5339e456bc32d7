import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHotRequests } from '../../../src/chat/hot-requests.ts';
import { parseChatRequest, type ChatRequest } from '../../../src/chat/request.ts';
import { GatewayError } from '../../../src/errors.ts';
import { HOT_REQUEST_BYTES, HOT_REQUESTS } from '../../../src/limits.ts';
import { anyRequest, EXTRA } from './arbitraries.ts';
import { bytesOf, CHAT, chat, saying } from './support.ts';

/** What the gateway gets to know of a request, as data. */
function known(asked: ChatRequest): unknown {
  return { ...asked, size: asked.promptSize(), canonical: asked.canonical(), upstream: asked.upstreamBody() };
}

const withoutFunctions = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

const question = (n: number) => bytesOf(saying({ role: 'user', content: `Question ${n}` }));

describe('hot requests', () => {
  it('are known again, and are what they would be read as', () => {
    const requests = createHotRequests({ ...CHAT, extraParams: EXTRA });
    const header = fc.constantFrom(null, 'general', 'deepseek-style', 'hidden');
    let again = 0;
    fc.assert(
      fc.property(anyRequest, header, (body, reasoningHeader) => {
        const bytes = bytesOf(body);
        const asked = requests.read(bytes, reasoningHeader);
        requests.keep(asked);
        const hot = requests.read(bytesOf(body), reasoningHeader);
        expect(hot === asked).toBe(bytes.length <= HOT_REQUEST_BYTES);
        again += Number(hot === asked);
        const fresh = parseChatRequest(bytes, { reasoningHeader, chat: { ...CHAT, extraParams: EXTRA } });
        expect(withoutFunctions(known(hot))).toEqual(withoutFunctions(known(fresh)));
      }),
      { numRuns: 500 },
    );
    expect(again).toBeGreaterThan(100);
  });

  it('are only those that are kept', () => {
    const requests = createHotRequests(CHAT);
    const asked = requests.read(question(1), null);
    expect(requests.read(question(1), null)).not.toBe(asked);
    requests.keep(asked);
    expect(requests.read(question(1), null)).toBe(asked);
  });

  it.each<[string, unknown, string | null]>([
    ['another header', chat(), 'hidden'],
    ['a space more', `${JSON.stringify(chat())} `, null],
    ['another field', chat({ temperature: 1 }), null],
    ['a header in the body', `general\n${JSON.stringify(chat())}`, null],
  ])('are not taken for others: %s', (_, body, header) => {
    const requests = createHotRequests(CHAT);
    const asked = requests.read(bytesOf(chat()), null);
    requests.keep(asked);
    const withHeader = requests.read(bytesOf(chat()), 'general');
    requests.keep(withHeader);
    let other: ChatRequest | null = null;
    try {
      other = requests.read(bytesOf(body), header);
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(GatewayError);
    }
    expect(other).not.toBe(asked);
    expect(other).not.toBe(withHeader);
  });

  it('are some, and short: the oldest is forgotten, a long one never kept', () => {
    const requests = createHotRequests(CHAT);
    const all = Array.from({ length: HOT_REQUESTS }, (_, n) => requests.read(question(n), null));
    for (const asked of [...all, ...all]) requests.keep(asked);
    expect(all.every((asked, n) => requests.read(question(n), null) === asked)).toBe(true);
    requests.keep(requests.read(question(HOT_REQUESTS), null));
    expect(requests.read(question(0), null)).not.toBe(all[0]);
    expect(requests.read(question(1), null)).toBe(all[1]);

    const long = bytesOf(saying({ role: 'user', content: 'x'.repeat(HOT_REQUEST_BYTES) }));
    const asked = requests.read(long, null);
    requests.keep(asked);
    expect(requests.read(long, null)).not.toBe(asked);
    expect(requests.read(question(1), null)).toBe(all[1]);
  });

  it.each(['', '{', '{}', new Uint8Array([0xff])])('refuse what is none: %j', (body) => {
    const requests = createHotRequests(CHAT);
    for (let i = 0; i < 2; i++) expect(() => requests.read(bytesOf(body), null)).toThrow(GatewayError);
  });
});
