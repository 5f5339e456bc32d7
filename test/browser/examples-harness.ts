// The pages of examples/ on a server of their own, with the URL of a running gateway in place of the example's.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const DOCUMENTED_URL = 'http://127.0.0.1:8787';

export interface Site {
  readonly origin: string;
  /** Sets the gateway that the pages call; a page's origin must be known before its gateway starts. */
  use(gateway: string): void;
  close(): void;
}

/** Serves the browser example at `/browser` and the React example at `/react`. */
export async function startSite(): Promise<Site> {
  const page = await readFile(join(EXAMPLES, 'browser/index.html'), 'utf8');
  const reactPage = await readFile(join(EXAMPLES, 'react/index.html'), 'utf8');
  const script = await bundleReact();
  let gateway = DOCUMENTED_URL;
  const server = createServer((request, response) => {
    const files: Record<string, [type: string, body: string]> = {
      '/browser': ['text/html', page],
      '/react': ['text/html', reactPage],
      '/src/main.tsx': ['text/javascript', script],
    };
    const [type, body] = files[request.url ?? ''] ?? ['text/plain', ''];
    response.writeHead(200, { 'content-type': type }).end(body.replaceAll(DOCUMENTED_URL, gateway));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    use: (url) => void (gateway = url),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The example's packages are those of test/clients: vite's own bundling is not tested. */
async function bundleReact(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(EXAMPLES, 'react/src/main.tsx')],
    nodePaths: [join(import.meta.dirname, '../clients/node_modules')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return outputFiles[0]?.text ?? '';
}
