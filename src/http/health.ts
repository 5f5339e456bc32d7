// `GET /healthz`: the state of this deployment. It does not call StepFun. It reports whether
// the settings are right, never the value of a setting.

import { version } from '../../package.json';
import { findSettingProblems } from '../config/config.ts';
import { isLoopbackHost } from '../lib/loopback.ts';
import { jsonResponse } from './response.ts';

/**
 * @param request - its URL decides about the details: only the operator's own machine
 *   (`http:` with a loopback host) gets the names of wrong settings, since a name shows
 *   which feature is in use. Elsewhere the log has them.
 * @param env - the Worker's environment.
 * @param hasWayIn - whether a way in is configured; called only if the settings are right.
 * @returns 200 when requests can be served, 503 if the settings prevent that.
 */
export async function healthResponse(
  request: Request,
  env: object,
  hasWayIn: () => Promise<boolean>,
): Promise<Response> {
  const problems = findSettingProblems(env);
  const isValid = problems.length === 0;
  const access = isValid ? await accessState(hasWayIn) : 'unknown';
  const isServing = access === 'configured';
  const body = {
    status: isServing ? 'ok' : 'not_serving',
    version,
    configuration: isValid ? 'valid' : 'invalid',
    access,
    ...(!isValid && {
      missing: listOf('missing'),
      ...(isOperator(request) && { wrong: listOf('wrong') }),
    }),
  };
  return jsonResponse(body, { 'cache-control': 'no-store' }, isServing ? 200 : 503);

  function listOf(kind: 'missing' | 'wrong') {
    return problems
      .filter((problem) => problem.kind === kind)
      .map(({ setting, expected }) => ({ setting, expected }));
  }
}

/** @returns whether the settings can be used. */
export function isConfigured(env: object): boolean {
  return findSettingProblems(env).length === 0;
}

async function accessState(hasWayIn: () => Promise<boolean>) {
  try {
    return (await hasWayIn()) ? 'configured' : 'not_configured';
  } catch {
    return 'unknown';
  }
}

function isOperator({ url }: Request): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && isLoopbackHost(hostname);
}
