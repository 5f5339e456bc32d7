// A KV namespace in memory that can be told to misbehave, and a Flight's namespace
// that runs its objects right here.

import { FlightObject, type FlightOptions } from '../../../src/cache/flight.ts';

type Get = (key: string) => Promise<unknown>;
type Put = (key: string, value: Uint8Array, options: { expirationTtl: number }) => Promise<void>;

export interface FakeKv {
  readonly entries: Map<string, { value: Uint8Array; expirationTtl: number }>;
  readonly reads: string[];
  get: Get;
  put: Put;
  readonly namespace: KVNamespace;
}

export function fakeKv(): FakeKv {
  const entries: FakeKv['entries'] = new Map();
  const reads: string[] = [];
  const kv: FakeKv = {
    entries,
    reads,
    async get(key) {
      reads.push(key);
      return entries.get(key)?.value.slice().buffer ?? null;
    },
    async put(key, value, { expirationTtl }) {
      entries.set(key, { value: value.slice(), expirationTtl });
    },
    namespace: {
      get: (key: string, type: string) => {
        if (type !== 'arrayBuffer') throw new Error(`unexpected type ${type}`);
        return kv.get(key);
      },
      put: (key: string, value: Uint8Array, options: { expirationTtl: number }) =>
        kv.put(key, value, options),
    } as unknown as KVNamespace,
  };
  return kv;
}

export interface FakeFlights {
  readonly namespace: DurableObjectNamespace;
  readonly objects: Map<string, FlightObject>;
  /** The requests that the objects got. */
  readonly requests: Request[];
  /** Calls that wait for an object. */
  readonly pending: Promise<unknown>[];
}

export function fakeFlights(options: FlightOptions): FakeFlights {
  const objects = new Map<string, FlightObject>();
  const requests: Request[] = [];
  const pending: Promise<unknown>[] = [];
  const state = {
    waitUntil: (work: Promise<unknown>) => pending.push(work),
  } as unknown as DurableObjectState;
  const get = (name: string) => ({
    fetch: (url: string, init: RequestInit) => {
      let object = objects.get(name);
      if (object === undefined) objects.set(name, (object = new FlightObject(state, options)));
      const request = new Request(url, { ...init, duplex: 'half' } as RequestInit);
      requests.push(request);
      return object.fetch(request);
    },
  });
  const namespace = { idFromName: (name: string) => name, get } as unknown as DurableObjectNamespace;
  return { namespace, objects, requests, pending };
}
