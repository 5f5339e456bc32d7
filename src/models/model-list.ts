// `GET /v1/models` and `GET /v1/models/{id}`: StepFun's list in OpenAI's shape, cut
// to what this deployment allows, with what is known of each model beside it.

import * as z from 'zod/mini';
import { jsonAnswer, type Answer } from '../http/response.ts';
import { readAll } from '../lib/bytes.ts';
import type { Config } from '../config/config.ts';
import { GatewayError } from '../http/errors.ts';
import { ECHO_CHARS, MODELS_BYTES, MODELS_FRESH_MS, MODELS_TIMEOUT_MS } from '../config/limits.ts';
import { log } from '../http/log.ts';
import type { Stepfun } from '../upstream/stepfun.ts';
import { MODELS } from '../upstream/models.ts';

/** OpenAI's model object, and what we add to it. */
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

/** StepFun's last list, of this isolate: plain data, which requests may share. */
const memory: { models: readonly UpstreamModel[]; readAtMs: number } = { models: [], readAtMs: -Infinity };

/** What a request about models needs to know. */
export interface ModelsExchange {
  readonly config: Config;
  readonly stepfun: Stepfun;
  readonly upstreamKey: string | null;
  /** The models that this client may use; empty: all. */
  readonly allowedModels: ReadonlySet<string>;
}

/** @returns the list of all models that may be asked. */
export async function modelListAnswer(exchange: ModelsExchange): Promise<Answer> {
  return modelAnswer({ object: 'list', data: await listModels(exchange) });
}

/**
 * @param id - as it stands in the path, percent-encoded.
 * @throws {GatewayError} `model_not_found`.
 */
export async function oneModelAnswer(id: string, exchange: ModelsExchange): Promise<Answer> {
  const name = decode(id);
  const model = (await listModels(exchange)).find((listed) => listed.id === name);
  if (model !== undefined) return modelAnswer(model);
  const message = `The model ${JSON.stringify(name.slice(0, ECHO_CHARS))} does not exist here.`;
  throw new GatewayError('model_not_found', message, { param: 'model' });
}

async function listModels(exchange: ModelsExchange): Promise<ListedModel[]> {
  const { allowedModels } = exchange;
  const listed = (await upstreamModels(exchange)).map(describe);
  return allowedModels.size === 0 ? listed : listed.filter(({ id }) => allowedModels.has(id));
}

/** StepFun's models; when it has no answer, its last one; without that, those known here. */
async function upstreamModels({
  config,
  stepfun,
  upstreamKey,
}: ModelsExchange): Promise<readonly UpstreamModel[]> {
  const nowMs = Date.now();
  // Another's key may see other models: that list is asked for each time, and not kept.
  const isShared = upstreamKey === null;
  if (isShared && nowMs - memory.readAtMs < MODELS_FRESH_MS) return memory.models;
  try {
    const signal = AbortSignal.timeout(MODELS_TIMEOUT_MS);
    const response = await stepfun.models(upstreamKey ?? config.upstream.apiKey ?? '', signal);
    const models = await readModels(response);
    if (isShared) Object.assign(memory, { models, readAtMs: nowMs });
    return models;
  } catch (thrown) {
    log('warn', 'models_failed', { detail: String(thrown) });
    return isShared && memory.models.length > 0 ? memory.models : MODELS;
  }
}

async function readModels({ body }: Response): Promise<readonly UpstreamModel[]> {
  const bytes = body === null ? null : await readAll(body, { maxBytes: MODELS_BYTES });
  if (!(bytes instanceof Uint8Array)) {
    await body?.cancel();
    throw new GatewayError('upstream_malformed');
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
    ...(known && {
      context_length: known.contextTokens,
      input_modalities: known.inputs,
      ...(known.reasoningEfforts && { reasoning_efforts: known.reasoningEfforts }),
    }),
  };
}

function modelAnswer(body: unknown): Answer {
  return jsonAnswer(body, { 'cache-control': 'private, no-store' });
}

function decode(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    // A stray `%`: no model is named so, as it stands will do.
    return id;
  }
}
