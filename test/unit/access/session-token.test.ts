import { createHmac } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sessionIdentity } from '../../../src/access/client.ts';
import { isSessionToken, signSession, verifySession } from '../../../src/access/session-token.ts';
import { admitted, GATEWAY, PAGE, refused, request, settings } from './support.ts';

const SIGNING_KEY = 'signing-key-of-32-characters-0001';
const ID = '3d6e8c52-7b1f-4a7e-9a53-0d2f5a3c9b11';

const session = settings({
  TURNSTILE_SECRET_KEY: 'turnstile-secret',
  TURNSTILE_SITE_KEY: 'site',
  SESSION_SIGNING_KEY: SIGNING_KEY,
}).access.session!;

const inFiveMinutes = () => Math.floor(Date.now() / 1_000) + 300;
const sign = (changes: Partial<Parameters<typeof signSession>[0]> = {}, key = SIGNING_KEY) =>
  signSession({ id: ID, origin: PAGE, expiresAt: inFiveMinutes(), ...changes }, key);
const verify = (token: string, origin?: string) =>
  verifySession(token, request(origin === undefined ? {} : { origin }), session);
const reason = async (token: string, origin: string | undefined = PAGE) => {
  const { code, details } = refused(await verify(token, origin));
  expect(code).toBe('invalid_api_key');
  return details.detail;
};

const mac = (text: string) => createHmac('sha256', SIGNING_KEY).update(text).digest('base64url');

afterEach(() => void vi.useRealTimers());

describe('a session’s token', () => {
  it('identifies its client, on its page', async () => {
    expect(admitted(await verify(await sign(), PAGE))).toEqual(sessionIdentity(ID));
  });

  it('is visible ASCII with a prefix of its own', async () => {
    const token = await sign();
    expect(token).toMatch(/^sess_[\w-]+\.[\w-]{43}$/);
    expect(isSessionToken(token)).toBe(true);
    expect(isSessionToken(`x${token}`)).toBe(false);
  });

  it('is signed with HMAC-SHA-256 over everything before the dot', async () => {
    const [text = '', signature] = (await sign()).split('.');
    expect(signature).toBe(mac(text));
    const payload: unknown = JSON.parse(Buffer.from(text.slice(5), 'base64url').toString());
    expect(payload).toEqual({ id: ID, origin: PAGE, expiresAt: expect.any(Number) });
  });

  it.each(['https://evil.example', 'http://app.example', 'https://app.example:8443', 'null', GATEWAY])(
    'is refused from %s',
    async (origin) => {
      expect(await reason(await sign(), origin)).toBe('session: other origin');
    },
  );

  it('is refused from a program', async () => {
    expect(refused(await verify(await sign())).details.detail).toBe('session: other origin');
  });

  it('works for the gateway’s own page, whose GETs name no origin', async () => {
    expect(admitted(await verify(await sign({ origin: GATEWAY }), GATEWAY)).kind).toBe('session');
    expect(admitted(await verify(await sign({ origin: GATEWAY }))).kind).toBe('session');
  });

  it('is refused from the second in which it expires', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-22T12:00:00Z') });
    const token = await sign();
    vi.setSystemTime(new Date('2026-11-22T12:04:59.999Z'));
    expect(admitted(await verify(token, PAGE)).kind).toBe('session');
    vi.setSystemTime(new Date('2026-11-22T12:05:00Z'));
    expect(await reason(token)).toBe('session: expired');
  });

  it('is refused under another signing key', async () => {
    expect(await reason(await sign({}, `${SIGNING_KEY}x`))).toBe('session: not signed here');
  });

  it('is refused with any character changed', async () => {
    const token = await sign();
    for (let at = 5; at < token.length - 1; at += 1) {
      if (token[at] === '.') continue;
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
      expect(await reason(changed)).toBe('session: not signed here');
    }
  });

  it('is refused with another payload under its signature', async () => {
    const [one, other] = [await sign(), await sign({ id: 'other' })];
    expect(await reason(`${one.split('.')[0]}.${other.split('.')[1]}`)).toBe('session: not signed here');
  });

  it.each([
    'sess_',
    'sess_.',
    'sess_a.b',
    'sess_e30.',
    'sess_e30',
    'sess_!.!',
    'sess_..',
    'sess_e30.e30.e30',
  ])('is not "%s"', async (token) => {
    expect(await reason(token)).toBe('session: not signed here');
  });

  it('is refused if its payload was signed without its dot or its prefix', async () => {
    const payload = Buffer.from(JSON.stringify({ id: ID, origin: PAGE, expiresAt: 9e9 })).toString(
      'base64url',
    );
    expect(await reason(`sess_${payload}.${mac(payload)}`)).toBe('session: not signed here');
    expect(await reason(`sess_${payload}.${mac(`sess_${payload}.`)}`)).toBe('session: not signed here');
    expect(await reason(`sess_${payload}${mac(`sess_${payload}`)}`)).toBe('session: not signed here');
    expect(admitted(await verify(`sess_${payload}.${mac(`sess_${payload}`)}`, PAGE)).kind).toBe('session');
  });

  it('is not a JWT signed with the same key', async () => {
    const jwt = await new SignJWT({ id: ID, origin: PAGE, expiresAt: 9e9 })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(SIGNING_KEY));
    expect(isSessionToken(jwt)).toBe(false);
    expect(await reason(`sess_${jwt}`)).toBe('session: not signed here');
  });

  it('imports its key for one use alone', async () => {
    const importKey = vi.spyOn(crypto.subtle, 'importKey');
    await verify(await sign(), PAGE);
    const uses = importKey.mock.calls.map(([, , , extractable, usages]) => [extractable, usages]);
    expect(uses).toEqual([
      [false, ['sign']],
      [false, ['verify']],
    ]);
    importKey.mockRestore();
  });
});
