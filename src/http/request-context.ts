// One request on its way through the gateway, as every part of it sees it: under
// which settings it is served, what must outlive its answer, what is known of it.

import type { Config } from '../config/config.ts';
import type { RequestRecord } from './request-log.ts';
import { randomUuid } from '../uuid.ts';

export interface Exchange {
  /** `x-request-id`: the client's own where it is well-formed, else a new UUID. */
  readonly id: string;
  /** When the request arrived, in ms since the epoch. */
  readonly startedAtMs: number;
  readonly config: Config;
  /** Keeps the Worker alive for what goes on after the answer: a store, a settlement. */
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** What an operator will see of it. */
  readonly record: RequestRecord;
}

const WELL_FORMED_ID = /^[\w.-]{1,128}$/;

/** @returns the client's `x-request-id` if it is 1–128 of `[A-Za-z0-9._-]`, else a new UUID. */
export function requestId(headers: Headers): string {
  const given = headers.get('x-request-id');
  return given !== null && WELL_FORMED_ID.test(given) ? given : randomUuid();
}
