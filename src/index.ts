// The Worker: its fetch handler and its Durable Object classes.

import { DurableObject } from 'cloudflare:workers';
import { FlightObject } from './cache/flight.ts';
import { gatewayOf } from './gateway.ts';
import { route } from './router.ts';

export { Budget } from './access/budget.ts';
export { Gate } from './upstream/gate/gate-object.ts';

/** `FLIGHTS`: identical requests under way ask StepFun once. */
export class Flight extends DurableObject<Env> {
  readonly #flight = new FlightObject(this.ctx, gatewayOf(this.env).flight);

  override fetch(request: Request): Promise<Response> {
    return this.#flight.fetch(request);
  }
}

export default { fetch: route } satisfies ExportedHandler<Env>;
