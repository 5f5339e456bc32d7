import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anonymousIdentity,
  keyIdentity,
  refusal,
  sessionIdentity,
  stepfunIdentity,
  tokenIdentity,
} from '../../../src/access/client.ts';
import { sha256Hex } from '../../../src/lib/digest.ts';
import { request } from './support.ts';

const UUID = '3d6e8c52-7b1f-4a7e-9a53-0d2f5a3c9b11';

describe('clients', () => {
  it('are named and told apart by their kind', async () => {
    expect(keyIdentity('app')).toEqual({ kind: 'key', id: 'key:app', name: 'app', upstreamKey: null });
    expect(sessionIdentity(UUID)).toEqual({
      kind: 'session',
      id: `session:${UUID}`,
      name: 'session:3d6e8c52-7b1',
      upstreamKey: null,
    });
    expect(anonymousIdentity(request({ 'cf-connecting-ip': '203.0.113.7' }))).toEqual({
      kind: 'anonymous',
      id: 'ip:203.0.113.7',
      name: 'anonymous',
      upstreamKey: null,
    });
    const stepfunDigest = await sha256Hex('sk-mine');
    expect(await stepfunIdentity('sk-mine')).toEqual({
      kind: 'stepfun',
      id: `stepfun:${stepfunDigest}`,
      name: `stepfun:${stepfunDigest.slice(0, 12)}`,
      upstreamKey: 'sk-mine',
    });
    const tokenDigest = await sha256Hex('["https://issuer.example","ada"]');
    expect(await tokenIdentity('https://issuer.example', 'ada')).toEqual({
      kind: 'token',
      id: `token:${tokenDigest}`,
      name: `token:${tokenDigest.slice(0, 12)}`,
      upstreamKey: null,
    });
  });

  it('have names without keys, subjects or addresses', async () => {
    const clients = [
      await stepfunIdentity('sk-secret'),
      await tokenIdentity('https://issuer.example', 'ada@example.com'),
      anonymousIdentity(request({ 'cf-connecting-ip': '203.0.113.7' })),
    ];
    for (const { name } of clients) expect(name).not.toMatch(/secret|ada|203/);
  });

  it('of two issuers or subjects are never one, however the parts are cut', async () => {
    const hostile = fc.string({ unit: fc.constantFrom('a', '"', ',', '|', ':', '[', ']', '\\', '\0', ' ') });
    await fc.assert(
      fc.asyncProperty(hostile, hostile, hostile, hostile, async (issuer, subject, issuer2, subject2) => {
        fc.pre(issuer !== issuer2 || subject !== subject2);
        const [one, other] = await Promise.all([
          tokenIdentity(issuer, subject),
          tokenIdentity(issuer2, subject2),
        ]);
        expect(one.id).not.toBe(other.id);
      }),
      { numRuns: 500 },
    );
  });

  it('can’t take an id of another kind by what they write', async () => {
    const claims = ['key:app', 'app', 'ip:203.0.113.7', `session:${UUID}`];
    const taken = new Set(claims);
    for (const claim of claims) {
      expect(taken.has((await tokenIdentity('https://issuer.example', claim)).id)).toBe(false);
      expect(taken.has((await stepfunIdentity(claim)).id)).toBe(false);
      const forged = request({ 'cf-connecting-ip': claim, 'x-client': claim });
      expect(anonymousIdentity(forged).id).toBe('ip:unknown');
    }
  });

  it('that are refused all get the same answer', () => {
    const error = refusal('JWT: expired');
    expect(error.code).toBe('invalid_api_key');
    expect(error.message).toMatch(/^No valid credentials were given: send Authorization: Bearer /);
    expect(error.details.detail).toBe('JWT: expired');
  });
});
