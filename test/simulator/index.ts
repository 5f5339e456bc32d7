// A Worker that simulates StepFun's chat API: its formats, its account limits and, on request, its errors and
// other faults. It needs no key and no internet, and imports nothing from src. README.md describes it.

import { createAccount, readLimits } from './account.ts';
import type { LimitSettings, Limits } from './account.ts';
import type { Outcome } from './body.ts';
import { answerChat } from './chat.ts';
import { isObject } from './check.ts';
import { ApiError, errorEnvelope } from './errors.ts';
import { listModels, showModel } from './models.ts';
import { createRequestLog } from './request-log.ts';
import { DIALECTS } from './triggers.ts';
import type { Dialect } from './triggers.ts';

interface SimulatorEnv extends LimitSettings {
  /** Milliseconds for each token; 0: as fast as possible. */
  readonly PACE_MS?: string | number;
  /** The `created` of every answer in Unix seconds; default: the current time. */
  readonly CREATED?: string | number;
  readonly DIALECT?: string | number;
}

const DEFAULT_PACE_MS = 22;

/** Headers that StepFun's front end adds. A gateway that copies headers is detected by them. */
const STRAY_HEADERS = { server: 'openresty', 'set-cookie': 'acw_tc=simulated; path=/; HttpOnly' };

/** Both platforms serve `/v1`; the second is the Step Plan. */
const API_PATH = /^(?:\/v1|(?<plan>\/step_plan\/v1))\/(?<route>chat\/completions|models(?:\/.+)?)$/;

const log = createRequestLog();
const account = createAccount();

export default {
  async fetch(request: Request, env: SimulatorEnv): Promise<Response> {
    const path = new URL(request.url).pathname;
    const limits = readLimits(env);
    if (path === '/_/requests') return logResponse(request);
    if (path === '/_/account') return accountResponse(request, limits);
    const traceId = crypto.randomUUID().replaceAll('-', '');
    const body = await request.text();
    const entry = log.add(request, body, traceId);
    let end = (outcome: Outcome, _tokens: number): void => entry.end(outcome);
    let response: Response;
    try {
      const { route, hasPlan, bearer } = findRoute(request, path);
      if (route === 'chat/completions') {
        const slot = account.enter(limits);
        end = (outcome, tokens) => {
          slot.release(outcome === 'aborted', tokens);
          entry.end(outcome);
        };
        // In every phase, also while the answer waits: workerd may end the context of a client that has left.
        request.signal.addEventListener('abort', () => end('aborted', 0));
        response = await answerChat({
          request,
          body,
          bearer,
          hasPlan,
          dialect: readDialect(env),
          paceMs: Number(env.PACE_MS ?? DEFAULT_PACE_MS),
          created: Number(env.CREATED ?? Math.floor(Date.now() / 1_000)),
          log,
          onEnd: (outcome, tokens) => end(outcome, tokens),
        });
      } else {
        response = modelsResponse(route.slice('models/'.length), hasPlan);
        end('done', 0);
      }
    } catch (thrown) {
      response = errorResponse(thrown);
      end('done', 0);
    }
    entry.setStatus(response.status);
    const headers = new Headers(response.headers);
    for (const [name, value] of Object.entries({ ...STRAY_HEADERS, 'x-trace-id': traceId })) {
      headers.set(name, value);
    }
    return new Response(response.body, { status: response.status, headers });
  },
};

/** @throws {Error} for a value that is neither. */
function readDialect(env: SimulatorEnv): Dialect {
  const name = String(env.DIALECT ?? DIALECTS[0]);
  const dialect = DIALECTS.find((one) => one === name);
  if (dialect === undefined) throw new Error(`DIALECT: expected ${DIALECTS.join(' or ')}`);
  return dialect;
}

interface Route {
  /** `chat/completions`, `models` or `models/{id}`. */
  readonly route: string;
  readonly hasPlan: boolean;
  readonly bearer: string;
}

/** @throws {ApiError} 401. @throws {NotFound} for a wrong path or method. */
function findRoute(request: Request, path: string): Route {
  const { plan, route } = API_PATH.exec(path)?.groups ?? {};
  const method = route === 'chat/completions' ? 'POST' : 'GET';
  if (route === undefined || request.method !== method) throw new NotFound();
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  if (bearer === undefined || bearer.startsWith('sk-invalid')) throw new ApiError(401);
  return { route, hasPlan: plan !== undefined, bearer };
}

/** A wrong path or method: answered by StepFun's router, in plain text. */
class NotFound extends Error {
  override readonly name = 'NotFound';
}

function errorResponse(thrown: unknown): Response {
  if (thrown instanceof NotFound) {
    return new Response('404 page not found', { status: 404, headers: { 'content-type': 'text/plain' } });
  }
  if (!(thrown instanceof ApiError)) console.error(thrown);
  const error = thrown instanceof ApiError ? thrown : new ApiError(500, 'The simulator itself failed.');
  return new Response(errorEnvelope(error), {
    status: error.sentStatus,
    headers: { ...error.headers, 'content-type': 'application/json' },
  });
}

/** @param id - empty: all models. @throws {ApiError} 404. */
function modelsResponse(id: string, hasPlan: boolean): Response {
  const found = id === '' ? listModels(hasPlan) : showModel(decodeURIComponent(id), hasPlan);
  if (found === undefined) throw new ApiError(404, `The model ${id} does not exist.`);
  return Response.json(found);
}

function logResponse(request: Request): Response {
  if (request.method !== 'DELETE') return Response.json(log.show());
  log.clear();
  return new Response(null, { status: 204 });
}

/** GET: the account's state. PUT `{"others": 2}`: occupies slots. DELETE: begins anew. */
async function accountResponse(request: Request, limits: Limits): Promise<Response> {
  if (request.method === 'PUT') {
    const body: unknown = await request.json();
    const others = isObject(body) ? body['others'] : undefined;
    if (typeof others !== 'number') return new Response('others: expected a number\n', { status: 400 });
    account.setOthers(others);
  }
  if (request.method === 'DELETE') account.clear();
  return Response.json({ ...account.show(limits), limits });
}
