// Shared by the tests of access: settings as an operator writes them, requests as
// browsers and SDKs send them, and small servers in place of the real ones.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { vi } from 'vitest';
import { readConfig, type Config } from '../../../src/config/config.ts';
import type { RequestContext } from '../../../src/http/request-context.ts';
import { GatewayError } from '../../../src/http/errors.ts';
import type { Client, Identity } from '../../../src/access/client.ts';
import { resolveLimits, type ClientLimits } from '../../../src/access/client-limits.ts';
import type { AccessBindings } from '../../../src/access/identify.ts';

export const GATEWAY = 'https://gateway.example';
export const PAGE = 'https://app.example';

/** Settings as they come from `env`, checked like them. */
export function settings(vars: Record<string, string> = {}, bindings: Record<string, object> = {}): Config {
  return readConfig({ STEP_API_KEY: 'sk-upstream', ...vars, ...bindings });
}

/** A request to the gateway; `bearer` becomes its `Authorization`. */
export function request(headers: Record<string, string> = {}, bearer?: string): Request {
  const authorization: Record<string, string> =
    bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
  return new Request(`${GATEWAY}/v1/chat/completions`, { headers: { ...authorization, ...headers } });
}

/** @returns the failure of a promise; fails the test if there is none or it isn't ours. */
export async function failure(promise: Promise<unknown>): Promise<GatewayError> {
  const outcome = await promise.then(
    (value: unknown) => new Error(`should have failed, gave ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (outcome instanceof GatewayError) return outcome;
  throw outcome;
}

/** @returns the failure that a check gave back as data. */
export function refused(outcome: object | null): GatewayError {
  if (outcome instanceof GatewayError) return outcome;
  throw new Error(`should have been refused: ${JSON.stringify(outcome)}`);
}

/** @returns the result of a check that accepted the caller. */
export function admitted<T extends object>(outcome: T | GatewayError): T {
  if (outcome instanceof GatewayError) throw outcome;
  return outcome;
}

/** A deployment without the bindings of access. */
export const NO_BINDINGS: AccessBindings = { clients: undefined, limiter: undefined };

/** A caller with the limits of these settings, or others. */
export function clientOf(identity: Identity, limits: Partial<ClientLimits> = {}): Client {
  return { ...identity, limits: { ...resolveLimits(null, settings()), ...limits } };
}

/** A request's companion, as far as access looks at it. */
export function exchange(config: Config): Pick<RequestContext, 'config' | 'waitUntil'> {
  return { config, waitUntil: () => {} };
}

/** `ctx.waitUntil`, with a look at what was handed to it. */
export function collector(): { waitUntil: (work: Promise<unknown>) => void; work: Promise<unknown>[] } {
  const work: Promise<unknown>[] = [];
  return { waitUntil: (promise) => void work.push(promise), work };
}

/** Everything that goes to the log, line by line. */
export function captureLog(): string[] {
  const lines: string[] = [];
  for (const level of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line: unknown) => void lines.push(String(line)));
  }
  return lines;
}

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  /** How many requests have arrived. */
  readonly hits: () => number;
}

/** A server on a port of its own. */
export async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<TestServer> {
  let hits = 0;
  const server = createServer((incoming, response) => {
    hits += 1;
    void handle(incoming, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    hits: () => hits,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export async function bodyOf(incoming: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of incoming) body += String(chunk);
  return body;
}
