// The measure of everything: StepFun's answer returned as it is.

import { ask, HEADERS, type Env } from './ask.ts';

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    return new Response((await ask(request, env)).body, { headers: HEADERS });
  },
};
