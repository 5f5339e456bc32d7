import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHotRequests } from '../../../src/chat/hot-requests.ts';
import { parseChatRequest, type ChatRequest } from '../../../src/chat/request/chat-request.ts';
import { GatewayError } from '../../../src/http/errors.ts';
import { HOT_REQUEST_BYTES, HOT_REQUESTS } from '../../../src/config/limits.ts';
import { anyRequest, EXTRA } from './request/arbitraries.ts';
import { bytesOf, CHAT, chat, saying } from './request/support.ts';

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
        const asked = requests.read(bytes, reasoningHeader, 0);
        requests.keep(asked, 0);
        const hot = requests.read(bytesOf(body), reasoningHeader, 0);
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
    const asked = requests.read(question(1), null, 0);
    expect(requests.read(question(1), null, 0)).not.toBe(asked);
    requests.keep(asked, 0);
    expect(requests.read(question(1), null, 0)).toBe(asked);
  });

  it('are known as long as their answers are kept in memory', () => {
    const requests = createHotRequests(CHAT);
    const asked = requests.read(question(1), null, 0);
    requests.keep(asked, 0);
    expect(requests.read(question(1), null, 29_999)).toBe(asked);
    const afresh = requests.read(question(1), null, 30_000);
    expect(afresh).not.toBe(asked);
    requests.keep(afresh, 30_000);
    expect(requests.read(question(1), null, 59_999)).toBe(afresh);
  });

  it.each<[string, unknown, string | null]>([
    ['another header', chat(), 'hidden'],
    ['an empty header', chat(), ''],
    ['a space more', `${JSON.stringify(chat())} `, null],
    ['another field', chat({ temperature: 1 }), null],
    ['a header in front of the body', `general${JSON.stringify(chat())}`, null],
    ['a header that is marked as one', `:general${JSON.stringify(chat())}`, null],
    ['a header in the body', `general\n${JSON.stringify(chat())}`, null],
  ])('are not taken for others: %s', (_, body, header) => {
    const requests = createHotRequests(CHAT);
    const asked = requests.read(bytesOf(chat()), null, 0);
    requests.keep(asked, 0);
    const withHeader = requests.read(bytesOf(chat()), 'general', 0);
    requests.keep(withHeader, 0);
    let other: ChatRequest | null = null;
    try {
      other = requests.read(bytesOf(body), header, 0);
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(GatewayError);
    }
    expect(other).not.toBe(asked);
    expect(other).not.toBe(withHeader);
  });

  it('are some, and short: the oldest is forgotten, a long one never kept', () => {
    const requests = createHotRequests(CHAT);
    const all = Array.from({ length: HOT_REQUESTS }, (_, n) => requests.read(question(n), null, 0));
    for (const asked of [...all, ...all]) requests.keep(asked, 0);
    expect(all.every((asked, n) => requests.read(question(n), null, 0) === asked)).toBe(true);
    requests.keep(requests.read(question(HOT_REQUESTS), null, 0), 0);
    expect(requests.read(question(0), null, 0)).not.toBe(all[0]);
    expect(requests.read(question(1), null, 0)).toBe(all[1]);

    // What is known already drives nothing out.
    requests.keep(all[5]!, 0);
    expect(requests.read(question(2), null, 0)).toBe(all[2]);

    const long = bytesOf(saying({ role: 'user', content: 'x'.repeat(HOT_REQUEST_BYTES) }));
    const asked = requests.read(long, null, 0);
    requests.keep(asked, 0);
    expect(requests.read(long, null, 0)).not.toBe(asked);
    expect(requests.read(question(1), null, 0)).toBe(all[1]);
  });

  it.each(['', '{', '{}', new Uint8Array([0xff])])('refuse what is none: %j', (body) => {
    const requests = createHotRequests(CHAT);
    for (let i = 0; i < 2; i++) expect(() => requests.read(bytesOf(body), null, 0)).toThrow(GatewayError);
  });
});
