// The first step of every Worker beside the gateway: it asks StepFun with the client's body.

export interface Env {
  readonly STEPFUN_BASE_URL: string;
}

export const HEADERS = { 'content-type': 'text/event-stream' };

export async function ask(request: Request, env: Env): Promise<Response> {
  return fetch(`${env.STEPFUN_BASE_URL}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: await request.arrayBuffer(),
  });
}

/** @returns a chunk with its reasoning renamed, the way objects are renamed. */
export function renamed(json: string): string {
  const chunk = JSON.parse(json) as { choices?: { delta: Record<string, unknown> }[] };
  for (const { delta } of chunk.choices ?? []) {
    if ('reasoning' in delta) {
      delta['reasoning_content'] = delta['reasoning'];
      delete delta['reasoning'];
    }
  }
  return JSON.stringify(chunk);
}
