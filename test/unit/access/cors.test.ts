import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  corsHeaders,
  isPreflight,
  judgeOrigin,
  preflightResponse,
  requireOrigin,
} from '../../../src/access/cors.ts';
import { parseOriginRules } from '../../../src/config/origins.ts';
import { GATEWAY, PAGE, request } from './support.ts';

const LISTED = [PAGE, 'http://localhost:5173', 'capacitor://localhost', 'https://*.app.pages.dev'];
const ALLOWED = parseOriginRules(LISTED);
const NONE = parseOriginRules([]);
const ANY = parseOriginRules(['*']);

describe('judgeOrigin', () => {
  it.each([PAGE, 'http://localhost:5173', 'capacitor://localhost', 'https://preview-7.app.pages.dev'])(
    'allows the page of %s and names its origin',
    (origin) => {
      expect(judgeOrigin(request({ origin }), ALLOWED)).toEqual({ allowed: true, allowOrigin: origin });
    },
  );

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
    ['two labels for the star', 'https://a.b.app.pages.dev'],
    ['an empty value', ''],
  ])('refuses %s', (_, origin) => {
    expect(judgeOrigin(request({ origin }), ALLOWED)).toEqual({ allowed: false, allowOrigin: null });
  });

  it('refuses every origin that is not in the list', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: false }), (url) => {
        const { origin } = new URL(url);
        fc.pre(!LISTED.includes(origin) && origin !== GATEWAY && !origin.endsWith('.app.pages.dev'));
        expect(judgeOrigin(request({ origin }), ALLOWED).allowed).toBe(false);
      }),
    );
  });

  it('allows the gateway’s own pages, whatever the list', () => {
    const verdict = { allowed: true, allowOrigin: GATEWAY };
    expect(judgeOrigin(request({ origin: GATEWAY }), NONE)).toEqual(verdict);
    expect(judgeOrigin(request({ origin: 'http://gateway.example' }), NONE).allowed).toBe(false);
  });

  it('allows a request without an origin', () => {
    expect(judgeOrigin(request(), NONE)).toEqual({ allowed: true, allowOrigin: null });
  });

  it('answers every page alike under *', () => {
    const anyone = { allowed: true, allowOrigin: '*' };
    expect(judgeOrigin(request({ origin: 'https://anywhere.example' }), ANY)).toEqual(anyone);
    expect(judgeOrigin(request(), ANY)).toEqual(anyone);
  });
});

describe('without TLS', () => {
  const plain = (host: string, origin?: string) =>
    new Request(`http://${host}/v1/models`, { headers: origin === undefined ? {} : { origin } });

  it.each(['localhost:8787', '127.0.0.1:8787', '[::1]:8787', 'app.localhost'])(
    'the gateway has its own origin on %s',
    (host) => {
      const origin = `http://${host}`;
      expect(judgeOrigin(plain(host, origin), NONE)).toEqual({ allowed: true, allowOrigin: origin });
      expect(judgeOrigin(plain(host), NONE).allowed).toBe(true);
    },
  );

  it.each(['evil.example', 'evil.example:8787', 'localhost.evil.example', '192.168.0.7:8787'])(
    'refuses the host %s, with an origin or without, also under * (DNS rebinding)',
    (host) => {
      const refused = { allowed: false, allowOrigin: null };
      for (const rules of [NONE, ANY, parseOriginRules([`http://${host}`])]) {
        expect(judgeOrigin(plain(host, `http://${host}`), rules)).toEqual(refused);
        expect(judgeOrigin(plain(host), rules)).toEqual(refused);
      }
      expect(() => requireOrigin(refused, plain(host))).toThrow(
        expect.objectContaining({
          code: 'origin_not_allowed',
          message: expect.stringContaining('https'),
          details: { detail: `http with the host ${host.replace(/:\d+$/, '')}` },
        }),
      );
    },
  );
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

  it('does nothing for an allowed origin', () => {
    expect(() => requireOrigin({ allowed: true, allowOrigin: null }, request())).not.toThrow();
  });
});

describe('corsHeaders', () => {
  it('tell a page that it may read, and what', () => {
    expect(corsHeaders({ allowed: true, allowOrigin: PAGE })).toEqual({
      vary: 'Origin',
      'access-control-allow-origin': PAGE,
      // 15 names; worker/openapi.test.ts compares them with the API's description.
      'access-control-expose-headers': expect.stringMatching(/^age, allow, (?:[a-z-]+, ){12}[a-z-]+$/),
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
    const { status, headers, body } = preflightResponse(preflight('authorization'));
    expect([status, body]).toEqual([204, null]);
    expect(Object.fromEntries(headers)).toEqual({
      'access-control-allow-methods': 'GET, POST',
      'access-control-max-age': '86400',
      'access-control-allow-headers': 'authorization',
    });
  });

  it.each([
    'authorization',
    'content-type',
    'x-reasoning-format',
    'x-stainless-helper-method',
    'openai-organization',
    'openai-beta',
    'http-referer',
    'x-title',
    'idempotency-key',
    'last-event-id',
    'tracestate',
    'baggage',
    'sentry-trace',
    "!#$%&'*+.^_`|~09az-",
  ])('grants %s', (name) => {
    const { headers } = preflightResponse(preflight(name));
    expect(headers.get('access-control-allow-headers')).toBe(name);
  });

  it.each(['x a', 'x\ta', 'x:a', 'x/a', '(x)', 'x"', 'x=1', 'x@y', 'é', '[x]', '{x}', '<x>', 'x;y', '?', ''])(
    'does not grant "%s", which is no token',
    (name) => {
      expect(preflightResponse(preflight(name)).headers.has('access-control-allow-headers')).toBe(false);
    },
  );

  it('grants the tokens of a list, in lower case', () => {
    const { headers } = preflightResponse(preflight('Authorization,  Content-Type,no token,,X-Trace'));
    expect(headers.get('access-control-allow-headers')).toBe('authorization, content-type, x-trace');
  });

  it('grants 64 names at most', () => {
    const names = Array.from({ length: 65 }, (_, index) => `x-${index}`);
    const { headers } = preflightResponse(preflight(names.join()));
    expect(headers.get('access-control-allow-headers')?.split(', ')).toEqual(names.slice(0, 64));
  });

  it('grants no header when none was asked for', () => {
    expect(preflightResponse(preflight()).headers.has('access-control-allow-headers')).toBe(false);
  });
});
