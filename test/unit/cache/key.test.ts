import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../long-run.ts';
import { cacheKey, scopeOf, type KeyParts } from '../../../src/cache/key.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const parts: KeyParts = {
  shape: 'openai',
  baseUrl: 'https://api.stepfun.ai/v1',
  clientId: 'key:app',
  canonical: ['{"model":"step-3.5-flash"}'],
};

describe('cacheKey', () => {
  it('has 67 ASCII characters and is always the same', async () => {
    const key = await cacheKey(parts);
    expect(key).toMatch(/^c2:[0-9a-f]{64}$/);
    expect(await cacheKey({ ...parts })).toBe(key);
  });

  it.each<Partial<KeyParts>>([
    { shape: 'stepfun' },
    { baseUrl: 'https://api.stepfun.com/v1' },
    { clientId: 'key:app2' },
    { clientId: null },
    { clientId: 'shared' },
    { canonical: ['{"model":"step-3.5-flash" }'] },
    { canonical: [] },
  ])('differs with %j', async (other) => {
    expect(await cacheKey({ ...parts, ...other })).not.toBe(await cacheKey(parts));
  });

  it('does not depend on how the canonical form is cut', async () => {
    const [text = ''] = parts.canonical.map(String);
    const pieces = [text.slice(0, 3), '', encode(text.slice(3, 6)), encode(''), text.slice(6)];
    expect(await cacheKey({ ...parts, canonical: pieces })).toBe(await cacheKey(parts));
  });

  it('differs where anything differs: moved boundaries and lone surrogates, too', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    const lone = fc.constantFrom('\ud800', '\udfff', '\ud83d', '\ufffd', '"', '\\', ',', '\u0000');
    const word = fc.tuple(text, lone, text).map((all) => all.join(''));
    await fc.assert(
      fc.asyncProperty(word, word, word, fc.nat({ max: 12 }), async (baseUrl, clientId, body, moved) => {
        const one = { ...parts, baseUrl, clientId, canonical: [encode(body)] };
        const requests: KeyParts[] = [
          one,
          // The same text, cut elsewhere.
          { ...one, baseUrl: baseUrl + clientId.slice(0, moved), clientId: clientId.slice(moved) },
          { ...one, clientId: clientId + body.slice(0, moved), canonical: [encode(body.slice(moved))] },
          { ...one, baseUrl: `${baseUrl},client,${clientId}`, clientId: body },
          { ...one, baseUrl, clientId: `${clientId},client,${body}` },
          { ...one, baseUrl: clientId, clientId: baseUrl },
          { ...one, clientId: `${clientId}\ud800` },
          { ...one, clientId: `${clientId}\udfff` },
          { ...one, clientId: `${clientId}\ufffd` },
        ];
        const names = new Set(
          requests.map((each) => JSON.stringify([each.baseUrl, each.clientId, String(each.canonical)])),
        );
        expect(new Set(await Promise.all(requests.map(cacheKey))).size).toBe(names.size);
      }),
      { numRuns: runs(40, 400) },
    );
  });
});

describe('scopeOf', () => {
  it.each([
    ['client', 'gateway', 'key:app'],
    ['shared', 'gateway', null],
    // A client with a key of its own has entries of its own.
    ['client', 'client', 'key:app'],
    ['shared', 'client', 'key:app'],
  ] as const)('CACHE_SCOPE=%s, UPSTREAM_KEY=%s: %s', (scope, keySource, expected) => {
    expect(scopeOf('key:app', { scope }, { keySource })).toBe(expected);
  });
});
