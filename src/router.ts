// The route table. Every answer and every failure leaves through here, and so
// carries its request id, its CORS headers and, if it failed, the one error shape.

import { Router, type IRequest } from 'itty-router';
import { addCorsHeaders, isPreflight, judgeOrigin, preflightResponse, requireOrigin } from './access/cors.ts';
import type { OriginVerdict } from './access/cors.ts';
import type { Client } from './access/client.ts';
import { identify } from './access/identify.ts';
import { limitRate } from './access/rate-limit.ts';
import { estimatePromptTokens, reserveTokens } from './access/reservation.ts';
import { sessionResponse } from './access/sessions.ts';
import { createCache } from './cache/cache.ts';
import { completionResponse } from './chat/completions.ts';
import type { ChatExchange } from './chat/exchange.ts';
import { drain } from './bytes.ts';
import { modelListResponse, oneModelResponse, type ModelsExchange } from './chat/model-list.ts';
import { readConfig } from './config.ts';
import { errorResponse, GatewayError, toGatewayError } from './errors.ts';
import { requestId, type Exchange } from './exchange.ts';
import { gatewayOf } from './gateway.ts';
import { healthResponse, isConfigured } from './health.ts';
import { DRAINED_BYTES, REQUEST_BODY_MS } from './limits.ts';
import { servePlayground } from './playground.ts';
import { createRecord, writeRecord, type RequestRecord } from './record.ts';

/** A request in the router's hands, before anything of it is known to be right. */
interface Visit {
  readonly id: string;
  readonly startedAtMs: number;
  readonly env: Env;
  readonly ctx: ExecutionContext;
  readonly record: RequestRecord;
  /** Until the settings are read, no page may read the answer. */
  origin: OriginVerdict;
}

const NO_PAGE: OriginVerdict = { allowed: false, allowOrigin: null };

const router = Router<IRequest, [Visit]>({ before: [judge], catch: fail, finally: [seal] });

router
  .post('/v1/chat/completions', async (request, visit) => {
    const exchange = exchangeOf(visit);
    const client = await admit(request, visit, exchange);
    return completionResponse(request, chatExchange(visit, exchange, client));
  })
  .post('/v1/session', (request, visit) =>
    sessionResponse(request, exchangeOf(visit), visit.env.RATE_LIMITER),
  );
get('/v1/models', async (request, visit) => modelListResponse(await modelsExchange(request, visit)));
get('/v1/models/:id+', async (request, visit) =>
  oneModelResponse(request.params['id'] ?? '', await modelsExchange(request, visit)),
);
get('/healthz', (_, { env }) => healthResponse(env));
// A file like the page's, made by scripts/openapi.ts: the description costs the Worker no byte.
get('/openapi.json', (request, { env }) => servePlayground(request, env.ASSETS, null));
get('/', playground);
get('/playground/*', playground);
router.all('*', (request) => {
  throw noRoute(request);
});

/** Where there is GET, there is HEAD (RFC 9110 §9.3.2); `seal` takes the body away. */
function get(path: string, handler: (request: IRequest, visit: Visit) => Response | Promise<Response>): void {
  router.get(path, handler).head(path, handler);
}

/** The way in for every request; what comes back is always an answer. */
export function route(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
  return router.fetch(request, {
    id: requestId(request.headers),
    startedAtMs: Date.now(),
    env,
    ctx,
    record: createRecord(),
    origin: NO_PAGE,
  });
}

/** CORS comes first: a page that may not ask is refused, and a preflight carries nothing else to judge. */
function judge(request: Request, visit: Visit): Response | undefined {
  // Health is for machines that watch: it answers when the settings are wrong, too.
  const isHealth = pathOf(request) === '/healthz';
  if (isHealth && !isConfigured(visit.env)) return undefined;
  visit.origin = judgeOrigin(request, readConfig(visit.env).access.origins);
  if (isHealth) return undefined;
  requireOrigin(visit.origin, request.headers.get('origin'));
  return isPreflight(request) ? preflightResponse(request) : undefined;
}

function exchangeOf({ id, startedAtMs, env, ctx, record }: Visit): Exchange {
  return { id, startedAtMs, config: readConfig(env), waitUntil: (work) => ctx.waitUntil(work), record };
}

/** Who asks, and not too often: both are known before the body is read. */
async function admit(request: Request, { env }: Visit, exchange: Exchange): Promise<Client> {
  const client = await identify(request, exchange);
  exchange.record.client = client.name;
  await limitRate(env.RATE_LIMITER, client);
  return client;
}

function chatExchange({ env }: Visit, exchange: Exchange, client: Client): ChatExchange {
  const { config, stepfun, complete } = gatewayOf(env);
  const { tokensPerDay } = config.access;
  return {
    ...exchange,
    clientId: client.id,
    upstreamKey: client.upstreamKey,
    stepfun,
    cache: createCache({
      kv: env.CACHE,
      flights: env.FLIGHTS,
      settings: config.cache,
      upstream: config.upstream,
      shape: config.relay.shape,
      complete,
      waitUntil: exchange.waitUntil,
    }),
    reserve:
      tokensPerDay === 0
        ? null
        : (asked) =>
            reserveTokens(env.BUDGETS, tokensPerDay, client, {
              promptTokens: estimatePromptTokens(asked.promptSize()),
              maxTokens: asked.maxTokens,
              choices: asked.choices,
              callMs: config.clocks.totalMs,
            }),
  };
}

async function modelsExchange(request: Request, visit: Visit): Promise<ModelsExchange> {
  const { config, stepfun } = gatewayOf(visit.env);
  const { upstreamKey } = await admit(request, visit, exchangeOf(visit));
  return { config, stepfun, upstreamKey };
}

function playground(request: Request, { env }: Visit): Promise<Response> {
  const { playground: isOn, access } = readConfig(env);
  if (!isOn) throw noRoute(request);
  return servePlayground(request, env.ASSETS, access.session?.turnstileSiteKey ?? null);
}

/** A path that other methods take is a 405 that names them; any other is a 404. */
function noRoute(request: Request): GatewayError {
  const path = pathOf(request);
  const methods = router.routes
    .filter(([method, pattern]) => method !== 'ALL' && pattern.test(path))
    .map(([method]) => method);
  if (methods.length === 0 || methods.includes(request.method)) return new GatewayError('not_found');
  return new GatewayError('method_not_allowed', undefined, { allow: methods.join(', ') });
}

async function fail(thrown: unknown, request: Request, { record }: Visit): Promise<Response> {
  const error = toGatewayError(thrown);
  // First, not beside the answer: the runtime cuts a connection whose answer is through.
  if (request.body?.locked === false) await drain(request.body, DRAINED_BYTES, REQUEST_BODY_MS);
  // Whoever has left gets no answer, and nothing is wrong with that.
  if (request.signal.aborted) {
    record.outcome = 'client_gone';
    return new Response(null, { status: CLIENT_CLOSED_REQUEST });
  }
  record.code = error.code;
  record.detail = error.details.detail ?? null;
  record.outcome = error.code;
  record.attempts = Number(error.details.headers?.['x-upstream-attempts'] ?? 0);
  return errorResponse(error);
}

/** nginx's number for it; no RFC has one. */
const CLIENT_CLOSED_REQUEST = 499;

/** What every answer carries, whatever it is, and the line that is written of it. */
function seal(response: Response, request: IRequest, visit: Visit): Response {
  const { id, origin, startedAtMs, record, env, ctx } = visit;
  const firstByteAtMs = Date.now();
  addCorsHeaders(response.headers, origin);
  response.headers.set('x-request-id', id);
  response.headers.set('server-timing', serverTiming(record, firstByteAtMs - startedAtMs));

  const { method } = request;
  // itty-router writes the root's pattern as nothing.
  const pattern = request.route === '' ? '/' : request.route;
  const { status } = response;
  const frame = { id, method, route: pattern, status, startedAtMs, firstByteAtMs };
  if (record.ended === null) writeRecord(record, frame, env.ANALYTICS);
  else ctx.waitUntil(record.ended.then(() => writeRecord(record, frame, env.ANALYTICS)));
  return method === 'HEAD' ? new Response(null, response) : response;
}

/** `Server-Timing` (W3C): what a browser's network panel shows beside the request. */
function serverTiming({ cache }: RequestRecord, firstByteMs: number): string {
  return `${cache === null ? '' : `cache;desc=${cache}, `}total;dur=${firstByteMs}`;
}

function pathOf(request: Request): string {
  return new URL(request.url).pathname;
}
