// The Worker's side of the pages: which file a request gets, what a browser may do with it (the
// Content-Security-Policy), and how the playground learns its Turnstile site key. The files are
// static: src/playground.
//
// I/O: the assets binding alone.

import { GatewayError } from './errors.ts';

/** The origin of Turnstile's script and frame; its documentation asks for these two directives. */
const TURNSTILE_ORIGIN = 'https://challenges.cloudflare.com';

/** The directives of both pages: they load their own files and call their own origin, nothing else. */
const OWN_ORIGIN_ONLY = ["default-src 'none'", "style-src 'self'", "connect-src 'self'"];
const NO_EMBEDDING = ["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"];

/**
 * @param siteKey - Turnstile's public site key, or `null` without Turnstile.
 * @returns the policy of the playground. Images are the visitor's own (`data:`, `blob:`), never an
 *   address out of a model's text: fetching one would tell a third party what was asked.
 */
function playgroundPolicy(siteKey: string | null): string {
  const directives = [
    ...OWN_ORIGIN_ONLY,
    `script-src ${siteKey === null ? "'self'" : `'self' ${TURNSTILE_ORIGIN}`}`,
    "font-src 'self'",
    "img-src 'self' data: blob:",
    ...NO_EMBEDDING,
    // Turnstile's script does not support Trusted Types. Without it, no script of the page turns
    // text into markup, so the browser refuses that.
    ...(siteKey === null
      ? ["require-trusted-types-for 'script'", "trusted-types 'none'"]
      : [`frame-src ${TURNSTILE_ORIGIN}`]),
  ];
  return directives.join('; ');
}

/** Swagger UI sets `innerHTML`, so Trusted Types are left out; no inline script runs all the same. */
const DOCS_POLICY = [...OWN_ORIGIN_ONLY, "script-src 'self'", "img-src 'self' data:", ...NO_EMBEDDING].join(
  '; ',
);

/** The headers of every file. */
const FILE_HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'strict-origin',
  'x-content-type-options': 'nosniff',
  // Modules import each other by plain names: each is requested again, and answered with 304 as long as
  // it is the same. Hashed names would save those requests, for a build step.
  'cache-control': 'no-cache',
};

/**
 * @param request - GET or HEAD of `/`, `/docs`, `/openapi.json` or of a file below `/playground/`.
 * @param assets - the Workers assets binding over src/playground; an operator may have removed it.
 * @param siteKey - Turnstile's public site key, or `null` without Turnstile.
 * @returns the file with its policy; the page with its site key filled in.
 * @throws {GatewayError} `not_found`, also where the binding would redirect to another name.
 */
export async function serveAsset(
  request: Request,
  assets: Fetcher | undefined,
  siteKey: string | null,
): Promise<Response> {
  if (assets === undefined) throw new GatewayError('not_found');
  const file = await assets.fetch(request.url, { method: request.method, headers: conditions(request) });
  if (file.status !== 200 && file.status !== 304) throw new GatewayError('not_found');
  const type = file.headers.get('content-type');
  const isPage = type?.startsWith('text/html') === true;
  const isDocs = new URL(request.url).pathname === '/docs';
  // The Worker changes the page (its key, its policy): the ETag of the file isn't the page's.
  const etag = isPage ? null : file.headers.get('etag');
  const headers = {
    ...FILE_HEADERS,
    'content-security-policy': isDocs ? DOCS_POLICY : playgroundPolicy(siteKey),
    ...(type !== null && { 'content-type': type }),
    ...(etag !== null && { etag }),
  };
  const page = isPage && siteKey !== null && file.body !== null ? withSiteKey(file, siteKey) : file;
  return new Response(page.body, { status: file.status, headers });
}

function withSiteKey(page: Response, siteKey: string): Response {
  return new HTMLRewriter()
    .on('meta[name="turnstile-site-key"]', {
      element: (meta) => {
        meta.setAttribute('content', siteKey);
      },
    })
    .transform(page);
}

/** A browser that has the file asks whether it changed; the page has no ETag to ask with. */
function conditions(request: Request): Headers {
  const known = request.headers.get('if-none-match');
  return new Headers(known === null ? [] : [['if-none-match', known]]);
}
