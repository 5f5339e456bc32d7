// Cloudflare's siteverify as a small server: it records what it is asked, and answers as a
// test wants.

import type { ServerResponse } from 'node:http';
import { bodyOf, json, serve, type TestServer } from './support.ts';

/** The answer to a token that was solved on PAGE, for this gateway. */
export const YES = { success: true, hostname: 'app.example', action: 'chat', 'error-codes': [] };

export interface Siteverify extends TestServer {
  /** The forms that were sent. */
  readonly asked: URLSearchParams[];
  /** The answer to the next requests. */
  answer: (response: ServerResponse) => void;
  /** The settings of sessions that are verified here. */
  readonly vars: Record<string, string>;
}

export async function startSiteverify(): Promise<Siteverify> {
  const server = await serve(async (incoming, response) => {
    if (incoming.method === 'POST') siteverify.asked.push(new URLSearchParams(await bodyOf(incoming)));
    siteverify.answer(response);
  });
  const siteverify: Siteverify = {
    ...server,
    asked: [],
    answer: (response) => json(response, YES),
    vars: {
      TURNSTILE_SECRET_KEY: 'turnstile-secret',
      TURNSTILE_SITE_KEY: 'site',
      TURNSTILE_VERIFY_URL: `${server.url}/siteverify`,
      SESSION_SIGNING_KEY: 'signing-key-of-32-characters-0001',
      SESSION_TTL_SECONDS: '120',
    },
  };
  return siteverify;
}

let tokens = 0;

/** @returns a token that no test has used: the memory of used tokens is the isolate's. */
export function freshToken(): string {
  return `turnstile-${(tokens += 1)}`;
}
