// A Worker that stands for StepFun's chat API: its shapes, its quirks and, on request,
// its failures. It needs no key and no internet, and imports nothing from src. See
// README.md for what can be asked of it.

import { answerChat, errorResponse } from './chat.ts';
import { ApiError } from './errors.ts';
import { findModel, listModels } from './models.ts';
import { createLog } from './received.ts';
import type { Entry } from './received.ts';

interface SimulatorEnv {
  /** Milliseconds for each token; 0: as fast as possible. */
  readonly PACE_MS?: string | number;
  /** Unix seconds that every answer claims; unset: the time it is. */
  readonly CREATED?: string | number;
}

const PACE_MS = 22;

const log = createLog();

export default {
  async fetch(request: Request, env: SimulatorEnv): Promise<Response> {
    const path = new URL(request.url).pathname;
    if (path === '/_/requests') return logResponse(request);
    const body = await request.text();
    const entry = log.add(request, body);
    let response: Response;
    try {
      response = await route(request, path, body, env, entry);
    } catch (thrown) {
      response = errorResponse(thrown, entry);
    }
    entry.answered(response.status);
    return response;
  },
};

function logResponse(request: Request): Response {
  if (request.method !== 'DELETE') return Response.json(log.show());
  log.clear();
  return new Response(null, { status: 204 });
}

async function route(
  request: Request,
  path: string,
  body: string,
  env: SimulatorEnv,
  entry: Entry,
): Promise<Response> {
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  if (bearer === undefined || bearer.startsWith('sk-invalid')) throw new ApiError(401);
  if (path === '/v1/chat/completions') {
    if (request.method !== 'POST') throw new ApiError(405);
    const paceMs = Number(env.PACE_MS ?? PACE_MS);
    const created = Number(env.CREATED ?? Math.floor(Date.now() / 1_000));
    return answerChat({ request, body, bearer, paceMs, created, log, entry });
  }
  if (!path.startsWith('/v1/models')) throw new ApiError(404);
  if (request.method !== 'GET') throw new ApiError(405);
  return modelsResponse(path.slice('/v1/models'.length), entry);
}

/** @param rest - what follows in the path: nothing, or a slash and a model's id. */
function modelsResponse(rest: string, entry: Entry): Response {
  const found = rest === '' ? listModels() : findModel(decodeURIComponent(rest.slice(1)));
  if (found === undefined) {
    throw new ApiError(404, `model ${rest.slice(1)} does not exist`, { type: 'model_not_found' });
  }
  entry.ended('done');
  return Response.json(found);
}
