// The Workers that the gateway's hits are compared with: a Worker that reads the body and
// says hello, and one that does nothing but return a value from the same KV.

interface Bindings {
  readonly CACHE: KVNamespace;
}

const hello = '{"hello":"world"}';

export default {
  async fetch(request: Request, env: Bindings): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === '/hello') {
      await request.arrayBuffer();
      return new Response(hello, { headers: { 'content-type': 'application/json' } });
    }
    const key = pathname.slice(1);
    if (request.method === 'PUT') {
      await env.CACHE.put(key, await request.arrayBuffer());
      return new Response(null, { status: 204 });
    }
    await request.arrayBuffer();
    const value = await env.CACHE.get(key, 'arrayBuffer');
    return new Response(value, { headers: { 'content-type': 'application/json' } });
  },
} satisfies ExportedHandler<Bindings>;
