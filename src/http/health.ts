// `GET /healthz`: whether this deployment can serve, asked of nobody but itself. It
// tells the state of the settings, never a value of one.

import { version } from '../../package.json';
import { jsonResponse } from './response.ts';
import { isAccessConfigured, readConfig } from '../config/config.ts';

/** @returns 200 when requests can be served, 503 when the settings stand in the way. */
export function healthResponse(env: object): Response {
  const { configuration, access } = stateOf(env);
  const isServing = configuration === 'valid' && access === 'configured';
  const body = { status: isServing ? 'ok' : 'not_serving', version, configuration, access };
  return jsonResponse(body, { 'cache-control': 'no-store' }, isServing ? 200 : 503);
}

/** @returns whether the settings can be read. */
export function isConfigured(env: object): boolean {
  try {
    readConfig(env);
    return true;
  } catch {
    return false;
  }
}

function stateOf(env: object) {
  if (!isConfigured(env)) return { configuration: 'invalid', access: 'unknown' };
  const access = isAccessConfigured(readConfig(env)) ? 'configured' : 'not_configured';
  return { configuration: 'valid', access };
}
