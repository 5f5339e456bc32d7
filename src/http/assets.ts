// The Worker's side of the playground: which file a request gets, what a browser
// may do with it (the Content-Security-Policy), and how the page learns its
// Turnstile site key. The page itself is src/playground, static.
//
// I/O: the assets binding alone.

import { GatewayError } from './errors.ts';

/** Where Turnstile's script and its frame come from; its documentation asks for just these two. */
const TURNSTILE_ORIGIN = 'https://challenges.cloudflare.com';

/**
 * @param siteKey - Turnstile's public site key, or `null` without Turnstile.
 * @returns the headers that fence the page in, for each of its files.
 *
 * The page loads its own files and calls its own origin, nothing else; images are
 * the visitor's own (`data:`, `blob:`), never an address that a model's text
 * names, since fetching one would tell a stranger what was said.
 */
export function playgroundHeaders(siteKey: string | null): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `script-src ${siteKey === null ? "'self'" : `'self' ${TURNSTILE_ORIGIN}`}`,
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // Turnstile's script, which isn't ours, does not speak Trusted Types; without it no
    // script here has a reason to turn text into markup, so the browser refuses that.
    ...(siteKey === null
      ? ["require-trusted-types-for 'script'", "trusted-types 'none'"]
      : [`frame-src ${TURNSTILE_ORIGIN}`]),
  ];
  return {
    'content-security-policy': policy.join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'referrer-policy': 'strict-origin',
    'x-content-type-options': 'nosniff',
  };
}

/**
 * @param request - GET or HEAD of `/` or of a file below `/playground/`.
 * @param assets - the Workers assets binding over src/playground; an operator may have removed it.
 * @param siteKey - Turnstile's public site key, or `null` without Turnstile.
 * @returns the file with its fence; the page with its site key filled in.
 * @throws {GatewayError} `not_found`, also where the binding would redirect to a nicer name.
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
  // The page is made here (its key, its policy): the file's ETag isn't the page's.
  const etag = isPage ? null : file.headers.get('etag');
  const headers = {
    ...playgroundHeaders(siteKey),
    ...(type !== null && { 'content-type': type }),
    ...(etag !== null && { etag }),
    // Modules import each other by plain names: each is asked for again, and costs a 304
    // as long as it is the same. Hashed names would save that, for the price of a build.
    'cache-control': 'no-cache',
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
