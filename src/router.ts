// The route table. Every answer and every failure leaves through here, and so
// carries its request id, its CORS headers and, if it failed, the one error shape.

import { Router } from 'itty-router';
import { corsHeaders, isPreflight, judgeOrigin, preflightAnswer, requireOrigin } from './access/cors.ts';
import type { OriginVerdict } from './access/cors.ts';
import type { Client } from './access/client.ts';
import { identify } from './access/identify.ts';
import { limitRate } from './access/rate-limit.ts';
import { estimatePromptTokens, reserveTokens } from './access/reservation.ts';
import { sessionAnswer } from './access/sessions.ts';
import { errorAnswer, toResponse, type Answer } from './http/response.ts';
import { createCache } from './cache/cache.ts';
import { chatAnswer } from './chat/completions.ts';
import type { ChatExchange } from './chat/chat-context.ts';
import { drain } from './lib/bytes.ts';
import { modelListAnswer, oneModelAnswer, type ModelsExchange } from './models/model-list.ts';
import { readConfig } from './config/config.ts';
import { GatewayError, toGatewayError } from './http/errors.ts';
import { requestId, type Exchange } from './http/request-context.ts';
import { gatewayOf } from './gateway.ts';
import { healthAnswer, isConfigured } from './http/health.ts';
import { DRAINED_BYTES, REQUEST_BODY_MS } from './config/limits.ts';
import { pathOf } from './path.ts';
import { servePlayground } from './http/assets.ts';
import { createRecord, writeRecord, type RequestRecord } from './http/request-log.ts';

/** A request in the router's hands, before anything of it is known to be right. */
interface Visit {
  readonly request: Request;
  readonly id: string;
  readonly startedAtMs: number;
  readonly env: Env;
  readonly ctx: ExecutionContext;
  readonly record: RequestRecord;
  readonly method: string;
  readonly path: string;
  /** The pattern of the route that was taken, `*` for none, and what stands in its places. */
  pattern: string;
  params: Readonly<Record<string, string>>;
  /** Until the settings are read, no page may read the answer. */
  origin: OriginVerdict;
}

type Handler = (visit: Visit) => Answer | Promise<Answer>;

const NO_PAGE: OriginVerdict = { allowed: false, allowOrigin: null };

const router = Router<Visit, []>();

router
  .post('/v1/chat/completions', async (visit) => {
    const exchange = exchangeOf(visit);
    const client = await admit(visit, exchange);
    return chatAnswer(visit.request, chatExchange(visit, exchange, client));
  })
  .post('/v1/session', (visit) => sessionAnswer(visit.request, exchangeOf(visit), visit.env.RATE_LIMITER));
get('/v1/models', async (visit) => modelListAnswer(await modelsExchange(visit)));
get('/v1/models/:id+', async (visit) =>
  oneModelAnswer(visit.params['id'] ?? '', await modelsExchange(visit)),
);
get('/healthz', ({ env }) => healthAnswer(env));
// A file like the page's, made by scripts/openapi.ts: the description costs the Worker no byte.
get('/openapi.json', ({ request, env }) => servePlayground(request, env.ASSETS, null));
get('/', playground);
get('/docs', playground);
get('/playground/*', playground);

/** Where there is GET, there is HEAD (RFC 9110 §9.3.2); `seal` takes the body away. */
function get(path: string, handler: Handler): void {
  router.get(path, handler).head(path, handler);
}

/** The way in for every request; what comes back is always an answer. */
export async function route(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
  const visit: Visit = {
    request,
    id: requestId(request.headers),
    startedAtMs: Date.now(),
    env,
    ctx,
    record: createRecord(),
    method: request.method,
    path: pathOf(request.url),
    pattern: '*',
    params: {},
    origin: NO_PAGE,
  };
  try {
    return seal(judge(visit) ?? (await dispatch(visit)), visit);
  } catch (thrown) {
    return seal(await fail(thrown, visit), visit);
  }
}

/**
 * Takes the first route that fits. The table is itty-router's; its own `fetch` would
 * also take every query apart, which is a twentieth of what a hot answer costs.
 */
function dispatch(visit: Visit): Answer | Promise<Answer> {
  const { method } = visit;
  for (const [verb, pattern, [handler], path] of router.routes) {
    const match = verb === method ? pattern.exec(visit.path) : null;
    if (match === null || handler === undefined) continue;
    // The root's pattern is written as nothing.
    visit.pattern = path || '/';
    visit.params = match.groups ?? {};
    // Not called by its name: the types of its table know of no other request than the platform's.
    return Reflect.apply(handler, undefined, [visit]);
  }
  throw noRoute(visit);
}

/** CORS comes first: a page that may not ask is refused, and a preflight carries nothing else to judge. */
function judge(visit: Visit): Answer | undefined {
  const { request, env } = visit;
  const isHealth = visit.path === '/healthz';
  // Health is for machines that watch: it answers when the settings are wrong, too.
  if (isHealth && !isConfigured(env)) return undefined;
  visit.origin = judgeOrigin(request, readConfig(env).access.origins);
  if (isHealth) return undefined;
  requireOrigin(visit.origin, request);
  return isPreflight(request) ? preflightAnswer(request) : undefined;
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
  const { config, requests, stepfun, complete } = gatewayOf(env);
  const { tokensPerDay } = config.access;
  return {
    ...exchange,
    clientId: client.id,
    upstreamKey: client.upstreamKey,
    requests,
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

function playground(visit: Visit): Promise<Answer> {
  const { request, env } = visit;
  const { playground: isOn, access } = readConfig(env);
  if (!isOn) throw noRoute(visit);
  return servePlayground(request, env.ASSETS, access.session?.turnstileSiteKey ?? null);
}

/** A path that other methods take is a 405 that names them; any other is a 404. */
function noRoute({ method: asked, path }: Visit): GatewayError {
  const methods = router.routes.filter(([, pattern]) => pattern.test(path)).map(([method]) => method);
  if (methods.length === 0 || methods.includes(asked)) return new GatewayError('not_found');
  return new GatewayError('method_not_allowed', undefined, { allow: methods.join(', ') });
}

async function fail(thrown: unknown, { request, record }: Visit): Promise<Answer> {
  const error = toGatewayError(thrown);
  // First, not beside the answer: the runtime cuts a connection whose answer is through.
  if (request.body?.locked === false) await drain(request.body, DRAINED_BYTES, REQUEST_BODY_MS);
  // Whoever has left gets no answer, and nothing is wrong with that.
  if (request.signal.aborted) {
    record.outcome = 'client_gone';
    return { status: CLIENT_CLOSED_REQUEST, headers: {}, body: null };
  }
  record.code = error.code;
  record.detail = error.details.detail ?? null;
  record.outcome = error.code;
  record.attempts = Number(error.details.headers?.['x-upstream-attempts'] ?? 0);
  return errorAnswer(error);
}

/** nginx's number for it; no RFC has one. */
const CLIENT_CLOSED_REQUEST = 499;

/** What every answer carries, whatever it is, and the line that is written of it. */
function seal({ status, headers, body }: Answer, visit: Visit): Response {
  const { id, method, origin, startedAtMs, record, env, ctx } = visit;
  const firstByteAtMs = Date.now();

  const response = toResponse({
    status,
    headers: {
      ...headers,
      ...corsHeaders(origin),
      'x-request-id': id,
      'server-timing': serverTiming(record, firstByteAtMs - startedAtMs),
    },
    body: method === 'HEAD' ? null : body,
  });

  // Not before: an answer that the platform refuses is another one in the log.
  const frame = { id, method, route: visit.pattern, status, startedAtMs, firstByteAtMs };
  if (record.ended === null) writeRecord(record, frame, env.ANALYTICS);
  else ctx.waitUntil(record.ended.then(() => writeRecord(record, frame, env.ANALYTICS)));
  return response;
}

/** `Server-Timing` (W3C): what a browser's network panel shows beside the request. */
function serverTiming({ cache }: RequestRecord, firstByteMs: number): string {
  return `${cache === null ? '' : `cache;desc=${cache}, `}total;dur=${firstByteMs}`;
}
