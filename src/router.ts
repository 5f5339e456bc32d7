// The routes. Every answer and every failure leaves through here, and so carries its request
// id, its CORS headers and, if it failed, the one error shape; and every request writes its
// line to the log.

import { Router, type IRequestStrict } from 'itty-router';
import type { Client } from './access/client.ts';
import { hasWayIn } from './access/client-store.ts';
import { corsHeaders, isPreflight, judgeOrigin, preflightResponse, requireOrigin } from './access/cors.ts';
import type { OriginVerdict } from './access/cors.ts';
import { identify, type AccessBindings } from './access/identify.ts';
import { limitRate } from './access/rate-limit.ts';
import { sessionResponse } from './access/sessions.ts';
import { usageResponse } from './access/usage-response.ts';
import { chatResponse } from './chat/completions.ts';
import { isPlaygroundOn } from './config/config.ts';
import { DRAIN_MS, DRAINED_BYTES, PATH_LOGGED_CHARS } from './config/limits.ts';
import { gatewayOf } from './gateway.ts';
import { serveAsset } from './http/assets.ts';
import { GatewayError, toGatewayError } from './http/errors.ts';
import { healthResponse, isConfigured } from './http/health.ts';
import { requestId, type RequestContext } from './http/request-context.ts';
import { createRequestLog, logFailure, writeRequestLog, type RequestLog } from './http/request-log.ts';
import { errorResponse } from './http/response.ts';
import { drain } from './lib/bytes.ts';
import { modelListResponse, oneModelResponse } from './models/model-list.ts';

interface RouteContext extends RequestContext {
  readonly env: Env;
  /** Until the settings are read, no page may read the answer. */
  origin: OriginVerdict;
  /** Null until the middleware `authenticate` has run. */
  client: Client | null;
}

const NO_PAGE: OriginVerdict = { allowed: false, allowOrigin: null };

/** nginx's status for a client that has left; no RFC has one. */
const CLIENT_CLOSED_REQUEST = 499;

const router = Router<IRequestStrict, [RouteContext], Response>({
  before: [readOrigin],
  catch: answerFailure,
  finally: [addHeaders],
});

// Health is for machines that watch, from any host and page.
router
  .get('/healthz', health)
  .head('/healthz', health)
  .all('*', checkOrigin)
  .post('/v1/chat/completions', authenticate, (request, context) =>
    chatResponse(request, gatewayOf(context.env).chatContext(context, clientOf(context))),
  )
  .post('/v1/session', (request, context) => sessionResponse(request, context, accessBindings(context)))
  .get('/v1/models', authenticate, listModels)
  .head('/v1/models', authenticate, listModels)
  .get('/v1/models/:id+', authenticate, oneModel)
  .head('/v1/models/:id+', authenticate, oneModel)
  .get('/v1/usage', authenticate, usage)
  .head('/v1/usage', authenticate, usage)
  .get('/openapi.json', description)
  .head('/openapi.json', description)
  .get('/', playground)
  .head('/', playground)
  .get('/docs', playground)
  .head('/docs', playground)
  .get('/playground/*', playground)
  .head('/playground/*', playground)
  .all('*', noRoute);

/** The way in for every request. */
export async function route(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
  const written = Promise.withResolvers<void>();
  // Before anything else: with nothing pending, workerd ends the request's context when its client
  // leaves, and no `catch`, no `finally` and no log line would run.
  ctx.waitUntil(written.promise);
  const log = createRequestLog();
  const context: RouteContext = {
    id: requestId(request.headers),
    startedAtMs: Date.now(),
    get config() {
      return gatewayOf(env).config;
    },
    waitUntil: (work) => ctx.waitUntil(work),
    log,
    env,
    origin: NO_PAGE,
    client: null,
  };
  const response: Response = await router.fetch(request, context);
  const firstByteAtMs = Date.now();
  void write();
  return response;

  async function write(): Promise<void> {
    await log.streamEnd;
    const { id, startedAtMs } = context;
    const { method } = request;
    const frame = {
      id,
      method,
      route: routeOf(request, response.status),
      status: response.status,
      startedAtMs,
      firstByteAtMs,
    };
    try {
      writeRequestLog(log, frame, env.ANALYTICS);
    } finally {
      written.resolve();
    }
  }
}

/** Every answer has CORS headers, also one that fails. */
function readOrigin(request: IRequestStrict, context: RouteContext): void {
  if (isConfigured(context.env)) context.origin = judgeOrigin(request, context.config.access.origins);
}

/**
 * CORS comes first: a page that may not ask is refused, and a preflight carries nothing else to
 * check. With wrong settings only the files of the page are served, which says what is wrong; every
 * other route fails when it reads the settings.
 */
function checkOrigin(request: IRequestStrict, { env, origin }: RouteContext): Response | undefined {
  if (!isConfigured(env)) return undefined;
  requireOrigin(origin, request);
  return isPreflight(request) ? preflightResponse(request) : undefined;
}

/** Identifies the caller and applies its rate limit, before the body is read. */
async function authenticate(request: IRequestStrict, context: RouteContext): Promise<void> {
  const { limiter, clients } = accessBindings(context);
  const client = await identify(request, context, { limiter, clients });
  context.client = client;
  context.log.client = client.name;
  await limitRate({ limiter, budgets: context.env.BUDGETS }, client);
}

function accessBindings({ env }: RouteContext): AccessBindings {
  return { clients: env.CLIENTS, limiter: env.RATE_LIMITER };
}

function clientOf({ client }: RouteContext): Client {
  if (client === null) throw new Error('the route lacks the middleware authenticate');
  return client;
}

function listModels(_: IRequestStrict, context: RouteContext): Promise<Response> {
  return modelListResponse(modelsContext(context));
}

function oneModel(request: IRequestStrict, context: RouteContext): Promise<Response> {
  return oneModelResponse(request.params['id'] ?? '', modelsContext(context));
}

function modelsContext(context: RouteContext) {
  const { config, stepfun } = gatewayOf(context.env);
  const { upstreamKey, limits } = clientOf(context);
  return { config, stepfun, upstreamKey, allowedModels: limits.models };
}

function usage(_: IRequestStrict, context: RouteContext): Promise<Response> {
  return usageResponse(clientOf(context), context.env.BUDGETS);
}

function health(request: IRequestStrict, { env }: RouteContext): Promise<Response> {
  return healthResponse(request, env, () => hasWayIn(gatewayOf(env).config, env.CLIENTS));
}

/** A file like the page's, made by `npm run openapi`: the description is no part of the Worker. */
function description(request: IRequestStrict, { env }: RouteContext): Promise<Response> {
  return serveAsset(request, env.ASSETS, null);
}

function playground(request: IRequestStrict, context: RouteContext): Promise<Response> {
  const { env } = context;
  if (!isPlaygroundOn(env)) return noRoute(request);
  const session = isConfigured(env) ? context.config.access.session : null;
  return serveAsset(request, env.ASSETS, session?.turnstileSiteKey ?? null);
}

/** A path that takes other methods is a 405 that names them; any other is a 404. */
function noRoute(request: IRequestStrict): never {
  const { pathname } = new URL(request.url);
  const methods = router.routes
    .filter(([method, pattern]) => method !== 'ALL' && pattern.test(pathname))
    .map(([method]) => method);
  if (methods.length === 0 || methods.includes(request.method)) throw new GatewayError('not_found');
  const allow = methods.join(', ');
  throw new GatewayError('method_not_allowed', `Method not allowed: use ${allow}.`, { allow });
}

async function answerFailure(
  thrown: unknown,
  request: IRequestStrict,
  { log }: RouteContext,
): Promise<Response> {
  const { body, signal } = request;
  // Before the answer is sent: the runtime closes the connection when the answer has ended.
  if (body?.locked === false) await drain(body, DRAINED_BYTES, DRAIN_MS);
  if (signal.aborted) {
    log.outcome = 'client_gone';
    return new Response(null, { status: CLIENT_CLOSED_REQUEST });
  }
  const error = toGatewayError(thrown);
  logFailure(log, error);
  return errorResponse(error);
}

/** The headers that every answer carries, whatever it is. */
function addHeaders(response: Response, request: IRequestStrict, context: RouteContext): Response {
  const { id, startedAtMs, log, origin } = context;
  const { headers } = response;
  for (const [name, value] of Object.entries(corsHeaders(origin))) headers.set(name, value);
  headers.set('x-request-id', id);
  if (log.queueMs !== null) headers.set('x-queue-ms', String(Math.round(log.queueMs)));
  headers.set('server-timing', serverTiming(log, Date.now() - startedAtMs));
  // Where there is GET, there is HEAD, without a body (RFC 9110 §9.3.2).
  return request.method === 'HEAD' ? new Response(null, response) : response;
}

/** `Server-Timing` (W3C): what a browser's network panel shows beside the request. */
function serverTiming({ cache, queueMs }: RequestLog, totalMs: number): string {
  const parts = [`total;dur=${totalMs}`];
  if (queueMs !== null) parts.unshift(`queue;dur=${Math.round(queueMs)}`);
  if (cache !== null) parts.unshift(`cache;desc=${cache}`);
  return parts.join(', ');
}

/** @returns the pattern of the request's route; where nothing was found, its path, which a client can fill at will, capped. */
function routeOf(request: Request, status: number): string {
  const { route: pattern } = request as Request & { route?: string };
  if (pattern !== undefined && pattern !== '*' && status !== 404) return pattern || '/';
  return new URL(request.url).pathname.slice(0, PATH_LOGGED_CHARS);
}
