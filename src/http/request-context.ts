// One request on its way through the gateway, as every part of it sees it.

import type { Config } from '../config/config.ts';
import type { RequestLog } from './request-log.ts';

export interface RequestContext {
  /** `x-request-id`: the client's own where it is well-formed, else a new UUID. */
  readonly id: string;
  /** When the request arrived, in ms since the epoch. */
  readonly startedAtMs: number;
  /** @throws {ConfigurationError} when the settings are wrong. */
  readonly config: Config;
  /** Keeps the Worker alive for work that goes on after the answer. */
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** The facts for the request's log line. */
  readonly log: RequestLog;
}

const WELL_FORMED_ID = /^[\w.-]{1,128}$/;

/** @returns the client's `x-request-id` if it is 1–128 of `[A-Za-z0-9._-]`, else a new UUID. */
export function requestId(headers: Headers): string {
  const given = headers.get('x-request-id');
  return given !== null && WELL_FORMED_ID.test(given) ? given : crypto.randomUUID();
}
