// User tokens from a real issuer: oidc-provider, a certified OpenID Connect server.
// A user logs in as a browser would (code flow with PKCE), and what comes out opens
// the gateway.

import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { Provider, type Configuration } from 'oidc-provider';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { tokenIdentity } from '../../../src/access/client.ts';
import { identify } from '../../../src/access/identify.ts';
import type { Config } from '../../../src/config/config.ts';
import { captureLog, exchange, failure, NO_BINDINGS, request, settings } from './support.ts';

const API = 'https://gateway.example';
const OTHER_API = 'https://other.example';
const CALLBACK = 'https://app.example/callback';

let server: Server;
let issuer: string;
let config: Config;

beforeAll(async () => {
  captureLog(); // the provider warns that it is not a production set-up
  server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  issuer = `http://127.0.0.1:${address.port}`;
  config = settings({ JWT_ISSUER: issuer, JWT_AUDIENCE: API, JWT_JWKS_URL: `${issuer}/jwks` });
  provide(await signingKey('first'));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});
afterEach(() => void vi.useRealTimers());

async function signingKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' };
}

/** Puts a provider with these keys on the server, in the place of the one before. */
function provide(...keys: JWK[]): void {
  const configuration: Configuration = {
    jwks: { keys: keys },
    cookies: { keys: ['cookie-key'] },
    clients: [
      {
        client_id: 'frontend',
        redirect_uris: [CALLBACK],
        token_endpoint_auth_method: 'none',
      },
    ],
    features: {
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          audience: resource,
          scope: 'chat',
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          jwt: { sign: { alg: 'RS256' } },
        }),
        useGrantedResource: () => true,
      },
    },
    formats: {
      customizers: {
        // The one claim that the contract asks for and oidc-provider leaves to its operator.
        jwt: (_, __, { payload }) => {
          payload['nbf'] = payload['iat'];
        },
      },
    },
  };
  server.removeAllListeners('request');
  const handle = new Provider(issuer, configuration).callback();
  server.on('request', (incoming, response) => void handle(incoming, response));
}

/** Logs a user in and consents for them, as their browser would; @returns the access token. */
async function login(user: string, resource = API): Promise<string> {
  const cookies = new Map<string, string>();
  const visit = async (target: string, form?: Record<string, string>): Promise<Response> => {
    const response = await fetch(new URL(target, issuer), {
      redirect: 'manual',
      headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    return response;
  };
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: 'frontend',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid chat',
    resource,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  let next = `/auth?${query.toString()}`;
  for (let step = 0; !next.startsWith(CALLBACK); step += 1) {
    if (step > 10) throw new Error(`the login goes round in circles at ${next}`);
    const page = await visit(next);
    const location = page.headers.get('location');
    if (location !== null) {
      next = location;
      continue;
    }
    const prompt = /name="prompt" value="(\w+)"/.exec(await page.text())?.[1] ?? 'none';
    const answer = await visit(next, { prompt, login: user, password: 'any' });
    next = answer.headers.get('location') ?? '';
  }
  const code = new URL(next).searchParams.get('code') ?? '';
  const tokens = await visit('/token', {
    grant_type: 'authorization_code',
    client_id: 'frontend',
    redirect_uri: CALLBACK,
    code,
    code_verifier: verifier,
    resource,
  });
  const body: unknown = await tokens.json();
  if (typeof body !== 'object' || body === null || !('access_token' in body))
    throw new Error(JSON.stringify(body));
  return String(body.access_token);
}

const come = (bearer: string) => identify(request({}, bearer), exchange(config), NO_BINDINGS);

describe('a user of a real issuer', () => {
  it('is the same client with each access token', async () => {
    const ada = await tokenIdentity(issuer, 'ada');
    expect(await come(await login('ada'))).toMatchObject(ada);
    expect(await come(await login('ada'))).toMatchObject(ada);
    expect(await come(await login('bob'))).toMatchObject(await tokenIdentity(issuer, 'bob'));
  });

  it('is refused with a token for another service', async () => {
    expect((await failure(come(await login('ada', OTHER_API)))).code).toBe('invalid_api_key');
  });

  it('is refused once the token has expired', async () => {
    const token = await login('ada');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 360_000 });
    expect((await failure(come(token))).code).toBe('invalid_api_key');
  });

  it('is accepted with a new key of the issuer, and refused with a withdrawn one', async () => {
    const old = await login('ada');
    provide(await signingKey('second'));
    const fresh = await login('ada');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
    expect(await come(fresh)).toMatchObject(await tokenIdentity(issuer, 'ada'));
    expect((await failure(come(old))).code).toBe('invalid_api_key');
  });
});
