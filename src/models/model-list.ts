// `GET /v1/models` and `GET /v1/models/{id}`: StepFun's list as OpenAI's model objects,
// limited to the models that the client may use, with their known properties.

import * as z from 'zod/mini';
import { jsonResponse } from '../http/response.ts';
import { readAll } from '../lib/bytes.ts';
import type { Config } from '../config/config.ts';
import { GatewayError, type ErrorCode } from '../http/errors.ts';
import {
  ECHO_CHARS,
  MODELS_BYTES,
  MODELS_FRESH_MS,
  MODELS_RETRY_MS,
  MODELS_TIMEOUT_MS,
} from '../config/limits.ts';
import { log } from '../http/log.ts';
import type { Stepfun } from '../upstream/stepfun.ts';
import { type Model, MODELS } from '../upstream/models.ts';

/** OpenAI's model object, and the gateway's additions. */
interface ListedModel {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
  readonly context_length?: number;
  readonly input_modalities?: readonly string[];
  readonly reasoning_efforts?: readonly string[];
}

const upstreamListSchema = z.object({
  data: z.array(
    z.object({ id: z.string(), created: z.optional(z.number()), owned_by: z.optional(z.string()) }),
  ),
});

type UpstreamModel = z.infer<typeof upstreamListSchema>['data'][number];

const OWNER = 'stepfun';

/** Failures that are about the key of the call, not about StepFun. */
const KEY_CODES: ReadonlySet<ErrorCode> = new Set([
  'insufficient_quota',
  'invalid_api_key',
  'upstream_auth',
  'upstream_rate_limited',
]);

/** StepFun's list as an isolate knows it: plain data, which requests may share. */
interface ListState {
  /** The last list of the gateway's own key; null: none was read yet. */
  models: readonly UpstreamModel[] | null;
  /** Until then that list serves without asking StepFun. */
  freshUntilMs: number;
  /** After a failure, StepFun is not asked again before this time. */
  retryAtMs: number;
}

/** One for each gateway of the isolate. */
const states = new WeakMap<Stepfun, ListState>();

/** The context of a request about models. */
export interface ModelsContext {
  readonly config: Config;
  readonly stepfun: Stepfun;
  readonly upstreamKey: string | null;
  /** The models that this client may use; empty: all. */
  readonly allowedModels: ReadonlySet<string>;
}

/** @returns the list of all models that are allowed here. */
export async function modelListResponse(context: ModelsContext): Promise<Response> {
  return modelResponse({ object: 'list', data: await listModels(context) });
}

/**
 * @param id - percent-encoded, as in the path.
 * @throws {GatewayError} `model_not_found`.
 */
export async function oneModelResponse(id: string, context: ModelsContext): Promise<Response> {
  const name = decode(id);
  const model = (await listModels(context)).find((listed) => listed.id === name);
  if (model !== undefined) return modelResponse(model);
  const message = `The model ${JSON.stringify(name.slice(0, ECHO_CHARS))} does not exist here: GET /v1/models lists the models.`;
  throw new GatewayError('model_not_found', message, { param: 'model' });
}

async function listModels(context: ModelsContext): Promise<ListedModel[]> {
  const { allowedModels } = context;
  const listed = (await upstreamModels(context)).map(describe);
  return allowedModels.size === 0 ? listed : listed.filter(({ id }) => allowedModels.has(id));
}

/**
 * StepFun's list. If StepFun does not answer: its last list, or the models that are known
 * here, for MODELS_RETRY_MS without asking again. Otherwise each request would wait
 * MODELS_TIMEOUT_MS for a list that is known.
 */
async function upstreamModels(context: ModelsContext): Promise<readonly UpstreamModel[]> {
  const { config, stepfun, upstreamKey } = context;
  const nowMs = Date.now();
  const state = states.get(stepfun) ?? { models: null, freshUntilMs: 0, retryAtMs: 0 };
  states.set(stepfun, state);
  // Another key may see other models: with the client's own key, the list is not shared.
  const isShared = upstreamKey === null;
  const fallback = (isShared && state.models) || knownModels(config.upstream.baseUrl);
  if (isShared && state.models !== null && nowMs < state.freshUntilMs) return state.models;
  if (nowMs < state.retryAtMs) return fallback;
  try {
    const signal = AbortSignal.timeout(MODELS_TIMEOUT_MS);
    const response = await stepfun.models(upstreamKey ?? config.upstream.apiKey ?? '', signal);
    const models = await readModels(response);
    if (isShared) Object.assign(state, { models, freshUntilMs: nowMs + MODELS_FRESH_MS });
    return models;
  } catch (thrown) {
    log('warn', 'models_failed', { detail: String(thrown) });
    // If StepFun refuses one client's own key, other keys can still read the list.
    if (isShared || !isAboutKey(thrown)) state.retryAtMs = Date.now() + MODELS_RETRY_MS;
    return fallback;
  }
}

function knownModels(baseUrl: string): readonly Model[] {
  const isStepPlan = baseUrl.includes('/step_plan/');
  return MODELS.filter(({ stepPlanOnly }) => isStepPlan || !stepPlanOnly);
}

function isAboutKey(thrown: unknown): boolean {
  return thrown instanceof GatewayError && KEY_CODES.has(thrown.code);
}

async function readModels({ body }: Response): Promise<readonly UpstreamModel[]> {
  const bytes = body === null ? null : await readAll(body, { maxBytes: MODELS_BYTES });
  if (!(bytes instanceof Uint8Array)) {
    await body?.cancel();
    const detail = bytes === null ? 'no list of models' : `the list of models: ${bytes}`;
    throw new GatewayError('upstream_malformed', undefined, { detail });
  }
  return upstreamListSchema.parse(JSON.parse(new TextDecoder().decode(bytes))).data;
}

function describe({ id, created = 0, owned_by = OWNER }: UpstreamModel): ListedModel {
  const known = MODELS.find((model) => model.id === id);
  return {
    id,
    object: 'model',
    created,
    owned_by,
    ...(known?.contextTokens !== undefined && { context_length: known.contextTokens }),
    ...(known && { input_modalities: known.inputs, reasoning_efforts: known.reasoningEfforts }),
  };
}

function modelResponse(body: unknown): Response {
  return jsonResponse(body, { 'cache-control': 'private, no-store' });
}

function decode(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    // A `%` that encodes nothing: no model has such a name, and 404 is the answer.
    return id;
  }
}
