import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  corsHeaders,
  isPreflight,
  judgeOrigin,
  preflightResponse,
  requireOrigin,
} from '../../../src/access/cors.ts';
import { GATEWAY, PAGE, request } from './support.ts';

const ALLOWED = new Set([PAGE, 'http://localhost:5173']);

describe('judgeOrigin', () => {
  it.each([PAGE, 'http://localhost:5173'])('lets the page of %s in and names it', (origin) => {
    expect(judgeOrigin(request({ origin }), ALLOWED)).toEqual({ allowed: true, allowOrigin: origin });
  });

  it.each([
    ['the sandbox', 'null'],
    ['a suffix twin', 'https://evil-app.example'],
    ['a subdomain', 'https://evil.app.example'],
    ['a prefix twin', 'https://app.example.evil.example'],
    ['another port', 'https://app.example:8443'],
    ['the default port spelt out', 'https://app.example:443'],
    ['http for https', 'http://app.example'],
    ['https for http', 'https://localhost:5173'],
    ['a missing port', 'http://localhost'],
    ['capitals', 'https://APP.example'],
    ['a trailing slash', 'https://app.example/'],
    ['a trailing dot', 'https://app.example.'],
    ['two origins', 'https://app.example https://evil.example'],
    ['a star', '*'],
    ['nothing', ''],
  ])('refuses %s', (_, origin) => {
    expect(judgeOrigin(request({ origin }), ALLOWED)).toEqual({ allowed: false, allowOrigin: null });
  });

  it('refuses every origin that is not in the list', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: false }), (url) => {
        const { origin } = new URL(url);
        fc.pre(!ALLOWED.has(origin) && origin !== GATEWAY);
        expect(judgeOrigin(request({ origin }), ALLOWED).allowed).toBe(false);
      }),
    );
  });

  it('lets the gateway’s own pages in, whatever the list', () => {
    const verdict = { allowed: true, allowOrigin: GATEWAY };
    expect(judgeOrigin(request({ origin: GATEWAY }), new Set())).toEqual(verdict);
    expect(judgeOrigin(request({ origin: 'http://gateway.example' }), new Set()).allowed).toBe(false);
  });

  it('lets what is no page in: there is no origin to judge', () => {
    expect(judgeOrigin(request(), new Set())).toEqual({ allowed: true, allowOrigin: null });
  });

  it('answers every page alike under *', () => {
    const anyone = { allowed: true, allowOrigin: '*' };
    expect(judgeOrigin(request({ origin: 'https://anywhere.example' }), new Set(['*']))).toEqual(anyone);
    expect(judgeOrigin(request(), new Set(['*']))).toEqual(anyone);
  });
});

describe('requireOrigin', () => {
  it('throws the refusal', () => {
    expect(() => requireOrigin({ allowed: false, allowOrigin: null }, request({ origin: PAGE }))).toThrow(
      expect.objectContaining({
        code: 'origin_not_allowed',
        details: { detail: `not in ALLOWED_ORIGINS: ${PAGE}` },
      }),
    );
  });

  it('lets an allowed origin pass', () => {
    expect(() => requireOrigin({ allowed: true, allowOrigin: null }, request())).not.toThrow();
  });
});

describe('corsHeaders', () => {
  it('tell a page that it may read, and what', () => {
    expect(corsHeaders({ allowed: true, allowOrigin: PAGE })).toEqual({
      vary: 'Origin',
      'access-control-allow-origin': PAGE,
      // Held against the API's description in worker/openapi.test.ts.
      'access-control-expose-headers': expect.stringContaining('x-request-id'),
    });
  });

  it('never allow credentials', () => {
    for (const allowOrigin of ['*', PAGE]) {
      const headers = corsHeaders({ allowed: true, allowOrigin });
      expect(headers['access-control-allow-origin']).toBe(allowOrigin);
      expect(headers).not.toHaveProperty('access-control-allow-credentials');
    }
  });

  it('name no origin where there is none to name, and vary by it all the same', () => {
    expect(corsHeaders({ allowed: true, allowOrigin: null })).toEqual({ vary: 'Origin' });
  });
});

const preflight = (asked?: string, method = 'POST') =>
  new Request(`${GATEWAY}/v1/chat/completions`, {
    method: 'OPTIONS',
    headers: {
      origin: PAGE,
      'access-control-request-method': method,
      ...(asked === undefined ? {} : { 'access-control-request-headers': asked }),
    },
  });

const plain = (method: string, headers: Record<string, string>) =>
  isPreflight(new Request(GATEWAY, { method, headers }));

describe('preflight', () => {
  it('is an OPTIONS with an origin and a method in question', () => {
    expect(isPreflight(preflight())).toBe(true);
    expect(plain('OPTIONS', { origin: PAGE })).toBe(false);
    expect(plain('OPTIONS', { 'access-control-request-method': 'POST' })).toBe(false);
    expect(plain('POST', { origin: PAGE, 'access-control-request-method': 'POST' })).toBe(false);
  });

  it('is answered 204, without a body, for a day', () => {
    expect(preflightResponse(preflight('authorization'))).toEqual({
      status: 204,
      headers: {
        'access-control-allow-methods': 'GET, POST',
        'access-control-max-age': '86400',
        'access-control-allow-headers': 'authorization',
      },
      body: null,
    });
  });

  it.each([
    'authorization',
    'content-type',
    'accept',
    'cache-control',
    'user-agent',
    'x-request-id',
    'x-reasoning-format',
    'x-cache-ttl',
    'traceparent',
    'x-stainless-os',
    'x-stainless-helper-method',
  ])('grants %s', (name) => {
    const { headers } = preflightResponse(preflight(name));
    expect(headers['access-control-allow-headers']).toBe(name);
  });

  it.each([
    'cookie',
    'x-forwarded-for',
    'cf-connecting-ip',
    'x-stainless-',
    'x-stainless-a b',
    'my-x-stainless-os',
    'xauthorization',
    'authorizations',
    '*',
    '',
  ])('does not grant "%s"', (name) => {
    expect(preflightResponse(preflight(name)).headers).not.toHaveProperty('access-control-allow-headers');
  });

  it('grants what is allowed of a list, in any spelling', () => {
    const { headers } = preflightResponse(preflight('Authorization,  Content-Type,X-Evil,x-stainless-lang'));
    expect(headers['access-control-allow-headers']).toBe('authorization, content-type, x-stainless-lang');
  });

  it('grants no header when none was asked for', () => {
    expect(preflightResponse(preflight()).headers).not.toHaveProperty('access-control-allow-headers');
  });
});
