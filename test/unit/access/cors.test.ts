import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addCorsHeaders,
  isPreflight,
  judgeOrigin,
  preflightResponse,
  requireOrigin,
} from '../../../src/access/cors.ts';
import { errorResponse, GatewayError } from '../../../src/errors.ts';
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
    expect(() => requireOrigin({ allowed: false, allowOrigin: null }, 'https://page.example')).toThrow(
      expect.objectContaining({
        code: 'origin_not_allowed',
        details: { detail: 'not in ALLOWED_ORIGINS: https://page.example' },
      }),
    );
  });

  it('lets an allowed origin pass', () => {
    expect(() => requireOrigin({ allowed: true, allowOrigin: null }, null)).not.toThrow();
  });
});

describe('addCorsHeaders', () => {
  const allowed = { allowed: true, allowOrigin: PAGE };

  it.each([200, 201, 204, 400, 401, 404, 429, 451, 500, 502, 503])(
    'leaves the status %i as it is',
    (status) => {
      const response = new Response(null, { status });
      addCorsHeaders(response.headers, allowed);
      expect(response.status).toBe(status);
      expect(response.headers.get('access-control-allow-origin')).toBe(PAGE);
      expect(response.headers.get('vary')).toBe('Origin');
    },
  );

  it('exposes all headers of ours', () => {
    const headers = new Headers();
    addCorsHeaders(headers, allowed);
    const exposed = headers.get('access-control-expose-headers')?.split(', ');
    expect(exposed).toEqual([
      'age',
      'allow',
      'cache-status',
      'retry-after',
      'server-timing',
      'www-authenticate',
      'x-ignored-params',
      'x-ratelimit-limit-tokens',
      'x-ratelimit-remaining-tokens',
      'x-ratelimit-reset-tokens',
      'x-request-id',
      'x-should-retry',
      'x-upstream-attempts',
    ]);
  });

  it('never allows credentials', () => {
    for (const allowOrigin of ['*', PAGE]) {
      const headers = new Headers();
      addCorsHeaders(headers, { allowed: true, allowOrigin });
      expect(headers.get('access-control-allow-origin')).toBe(allowOrigin);
      expect(headers.has('access-control-allow-credentials')).toBe(false);
    }
  });

  it('names no origin in a refusal, which varies by it all the same', () => {
    const { headers, status } = errorResponse(new GatewayError('origin_not_allowed'));
    addCorsHeaders(headers, { allowed: false, allowOrigin: null });
    expect(status).toBe(403);
    expect(headers.has('access-control-allow-origin')).toBe(false);
    expect(headers.get('vary')).toBe('Origin');
  });

  it('overrules what somebody else has set, and keeps another Vary', () => {
    const headers = new Headers({ 'access-control-allow-origin': '*', vary: 'Accept-Encoding' });
    addCorsHeaders(headers, { allowed: false, allowOrigin: null });
    expect(headers.has('access-control-allow-origin')).toBe(false);
    expect(headers.get('vary')).toBe('Accept-Encoding, Origin');
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

  it('is answered 204, without a body, for a day', async () => {
    const response = preflightResponse(preflight('authorization'));
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    expect(response.headers.get('access-control-allow-methods')).toBe('GET, POST');
    expect(response.headers.get('access-control-max-age')).toBe('86400');
    expect(response.headers.has('access-control-allow-credentials')).toBe(false);
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
    expect(headers.get('access-control-allow-headers')).toBe(name);
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
    expect(preflightResponse(preflight(name)).headers.has('access-control-allow-headers')).toBe(false);
  });

  it('grants what is allowed of a list, in any spelling', () => {
    const { headers } = preflightResponse(preflight('Authorization,  Content-Type,X-Evil,x-stainless-lang'));
    expect(headers.get('access-control-allow-headers')).toBe('authorization, content-type, x-stainless-lang');
  });

  it('grants no header when none was asked for', () => {
    expect(preflightResponse(preflight()).headers.has('access-control-allow-headers')).toBe(false);
  });
});
