// The route table. Every answer and every failure leaves through here, and so
// carries its request id, its CORS headers and, if it failed, the one error shape.

import { Router, type RequestLike } from 'itty-router';
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
  readonly request: Request;
  readonly id: string;
  readonly startedAtMs: number;
  readonly env: Env;
  readonly ctx: ExecutionContext;
  readonly record: RequestRecord;
  /** Until the settings are read, no page may read the answer. */
  origin: OriginVerdict;
}

/**
 * What itty-router goes by, and where it notes down what it finds: not on the Request
 * itself, since an object of the runtime that was written to is costlier to collect.
 */
type Routed = RequestLike & { readonly route?: string; readonly params?: Record<string, string> };

const NO_PAGE: OriginVerdict = { allowed: false, allowOrigin: null };

const router = Router<Routed, [Visit]>({ before: [judge], catch: fail, finally: [seal] });

router
  .post('/v1/chat/completions', async (_, visit) => {
    const exchange = exchangeOf(visit);
    const client = await admit(visit, exchange);
    return completionResponse(visit.request, chatExchange(visit, exchange, client));
  })
  .post('/v1/session', (_, visit) =>
    sessionResponse(visit.request, exchangeOf(visit), visit.env.RATE_LIMITER),
  );
get('/v1/models', async (_, visit) => modelListResponse(await modelsExchange(visit)));
get('/v1/models/:id+', async ({ params }, visit) =>
  oneModelResponse(params?.['id'] ?? '', await modelsExchange(visit)),
);
get('/healthz', (_, { env }) => healthResponse(env));
// A file like the page's, made by scripts/openapi.ts: the description costs the Worker no byte.
get('/openapi.json', (_, { request, env }) => servePlayground(request, env.ASSETS, null));
get('/', playground);
get('/playground/*', playground);
router.all('*', (_, { request }) => {
  throw noRoute(request);
});

/** Where there is GET, there is HEAD (RFC 9110 §9.3.2); `seal` takes the body away. */
function get(path: string, handler: (routed: Routed, visit: Visit) => Response | Promise<Response>): void {
  router.get(path, handler).head(path, handler);
}

/** The way in for every request; what comes back is always an answer. */
export function route(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
  const visit: Visit = {
    request,
    id: requestId(request.headers),
    startedAtMs: Date.now(),
    env,
    ctx,
    record: createRecord(),
    origin: NO_PAGE,
  };
  return router.fetch({ method: request.method, url: request.url }, visit);
}

/** CORS comes first: a page that may not ask is refused, and a preflight carries nothing else to judge. */
function judge(_: Routed, visit: Visit): Response | undefined {
  const { request, env } = visit;
  // Health is for machines that watch: it answers when the settings are wrong, too.
  if (!isConfigured(env) && isHealth(request)) return undefined;
  visit.origin = judgeOrigin(request, readConfig(env).access.origins);
  // Last, whether it is health: to look at the path costs 10 µs, and hardly anybody gets here.
  if ((visit.origin.allowed && !isPreflight(request)) || isHealth(request)) return undefined;
  requireOrigin(visit.origin, request.headers.get('origin'));
  return preflightResponse(request);
}

function isHealth(request: Request): boolean {
  return pathOf(request) === '/healthz';
}

function exchangeOf({ id, startedAtMs, env, ctx, record }: Visit): Exchange {
  return { id, startedAtMs, config: readConfig(env), waitUntil: (work) => ctx.waitUntil(work), record };
}

/** Who asks, and not too often: both are known before the body is read. */
async function admit({ request, env }: Visit, exchange: Exchange): Promise<Client> {
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

async function modelsExchange(visit: Visit): Promise<ModelsExchange> {
  const { config, stepfun } = gatewayOf(visit.env);
  const { upstreamKey } = await admit(visit, exchangeOf(visit));
  return { config, stepfun, upstreamKey };
}

function playground(_: Routed, { request, env }: Visit): Promise<Response> {
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

async function fail(thrown: unknown, _: Routed, { request, record }: Visit): Promise<Response> {
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
function seal(response: Response, routed: Routed, visit: Visit): Response {
  const { method } = routed;
  const { id, origin, startedAtMs, record, env, ctx } = visit;
  const firstByteAtMs = Date.now();
  const { headers, status } = response;
  addCorsHeaders(headers, origin);
  headers.set('x-request-id', id);
  headers.set('server-timing', serverTiming(record, firstByteAtMs - startedAtMs));

  // itty-router writes the root's pattern as nothing, and none for what came to no route.
  const route = routed.route === '' ? '/' : (routed.route ?? '*');
  const frame = { id, method, route, status, startedAtMs, firstByteAtMs };
  if (record.ended === null) writeRecord(record, frame, env.ANALYTICS);
  else ctx.waitUntil(record.ended.then(() => writeRecord(record, frame, env.ANALYTICS)));
  return method === 'HEAD' ? new Response(null, response) : response;
}

/** `Server-Timing` (W3C): what a browser's network panel shows beside the request. */
function serverTiming({ cache }: RequestRecord, firstByteMs: number): string {
  return `${cache === null ? '' : `cache;desc=${cache}, `}total;dur=${firstByteMs}`;
}

function pathOf({ url }: Request): string {
  return new URL(url).pathname;
}
