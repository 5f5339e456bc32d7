// The Worker: its fetch handler and its Durable Object classes.

import { FlightObject } from './cache/flight.ts';
import { gatewayOf } from './gateway.ts';
import { route } from './router.ts';

export { Budget } from './access/budget.ts';
export { Gate } from './upstream/gate/gate-object.ts';

/** `FLIGHTS`: identical requests under way ask StepFun once. */
export class Flight extends FlightObject {
  constructor(state: DurableObjectState, env: Env) {
    super(state, gatewayOf(env).flight);
  }
}

export default { fetch: route } satisfies ExportedHandler<Env>;
