// The Worker: its fetch handler and its Durable Object classes.

import { FlightObject } from './cache/flight.ts';
import { flightOptions } from './gateway.ts';
import { route } from './router.ts';

export { Budget } from './access/budget.ts';

/** `FLIGHTS`: identical questions under way are asked once. */
export class Flight extends FlightObject {
  constructor(state: DurableObjectState, env: Env) {
    super(state, flightOptions(env));
  }
}

export default { fetch: route } satisfies ExportedHandler<Env>;
