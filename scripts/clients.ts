// `npm run clients`: adds, shows, changes and revokes the clients of a gateway, without a
// deploy. Entries are in the KV namespace of the binding CLIENTS (src/access/client-entry.ts).

import { pathToFileURL } from 'node:url';
import { CommandError } from './clients/command-error.ts';
import { parseCommandLine } from './clients/command-line.ts';
import {
  addClient,
  listClients,
  listPolicies,
  removePolicy,
  revokeClient,
  rotateClient,
  setClient,
  setPolicy,
  showClient,
  type Created,
} from './clients/commands.ts';
import { createKvStore, type EntryStore, type StoreOptions } from './clients/kv-store.ts';
import {
  CLIENT_OPTIONS,
  LIMIT_OPTIONS,
  readChanges,
  readOverlap,
  STORE_OPTIONS,
  type OptionValues,
} from './clients/options.ts';
import { clientTable, limitsOf, policyTable } from './clients/table.ts';

const HELP = `npm run clients -- COMMAND [options]

  add NAME [limits]        create a client; its key is printed once
  list                     all clients with their limits
  show NAME                the entries of one client
  set NAME [limits]        change limits; "default" removes one; --disabled, --enabled
  revoke NAME              remove a client and its keys
  rotate NAME              a new key; the old one works for --overlap (default 1h)
  policy set NAME [limits] limits for users' tokens whose JWT_POLICY_CLAIM is NAME
  policy list
  policy remove NAME

Limits (0: no limit):
  --models a,b             models that the client may use; * for all
  --tokens-per-day N       token budget of a UTC day
  --requests-per-minute N  counted exactly
  --max-output-tokens N    ceiling of max_tokens
  --origins URL,URL        pages that may use this key (not for policies)
  --expires 2027-01-31     the key's last day, or never (not for policies)

  --local                  the store of npm start, not the deployed one
  --env NAME               a wrangler environment, such as staging
  --namespace-id ID        the KV namespace, if wrangler.toml has no id
  --json                   for scripts
`;

/** The output of a command: for a person, and for a script. */
interface Output {
  readonly text: string;
  readonly json: unknown;
}

interface Command {
  /** The number of names that follow the command. */
  readonly names: 0 | 1;
  readonly options: readonly (keyof OptionValues)[];
  readonly run: (store: EntryStore, name: string, values: OptionValues, nowMs: number) => Promise<Output>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  add: {
    names: 1,
    options: CLIENT_OPTIONS,
    run: async (store, name, values, nowMs) =>
      showKey(await addClient(store, name, readChanges(values, nowMs), nowMs), `Client ${name} is added.`),
  },
  list: {
    names: 0,
    options: [],
    run: async (store, _, __, nowMs) => {
      const clients = await listClients(store);
      return { text: clientTable(clients, nowMs), json: clients };
    },
  },
  show: {
    names: 1,
    options: [],
    run: async (store, name) => {
      const entries = await showClient(store, name);
      return { text: JSON.stringify(entries, null, 2), json: entries };
    },
  },
  set: {
    names: 1,
    options: [...CLIENT_OPTIONS, 'disabled', 'enabled'],
    run: async (store, name, values, nowMs) => {
      const entry = await setClient(store, name, readChanges(values, nowMs), nowMs);
      const state = entry.disabled === true ? ' is disabled; its limits' : '';
      return { text: `Client ${name}${state}: ${limitsOf(entry)}. ${SOON}`, json: entry };
    },
  },
  revoke: {
    names: 1,
    options: [],
    run: async (store, name) => {
      const removed = await revokeClient(store, name);
      return { text: `Client ${name} is revoked (${removed} of its keys). ${SOON}`, json: { name, removed } };
    },
  },
  rotate: {
    names: 1,
    options: ['overlap'],
    run: async (store, name, { overlap = '1h' }, nowMs) => {
      const overlapSeconds = readOverlap(overlap);
      const created = await rotateClient(store, name, overlapSeconds, nowMs);
      const end = overlapSeconds === 0 ? 'ends now' : `works for another ${overlap}`;
      return showKey(created, `Client ${name} has a new key; the old one ${end}.`);
    },
  },
  'policy set': {
    names: 1,
    options: LIMIT_OPTIONS,
    run: async (store, name, values, nowMs) => {
      const entry = await setPolicy(store, name, readChanges(values, nowMs), nowMs);
      return { text: `Policy ${name}: ${limitsOf(entry)}. ${SOON}`, json: entry };
    },
  },
  'policy list': {
    names: 0,
    options: [],
    run: async (store) => {
      const policies = await listPolicies(store);
      return { text: policyTable(policies), json: policies };
    },
  },
  'policy remove': {
    names: 1,
    options: [],
    run: async (store, name) => {
      await removePolicy(store, name);
      return { text: `Policy ${name} is removed. ${SOON}`, json: { name } };
    },
  },
};

const SOON = 'The change takes effect within about two minutes.';

function showKey({ key, entry }: Created, headline: string): Output {
  const text = `${headline} ${SOON}\n\n  ${key}\n\nSave this key now: it is stored nowhere and not shown again.`;
  return { text, json: { name: entry.name, key, entry } };
}

/**
 * @param args - the command line behind `npm run clients --`.
 * @param createStore - opens the store that the options name.
 * @returns the text to print.
 * @throws {CommandError} for every mistake in the command line.
 */
export async function runClients(
  args: readonly string[],
  createStore: (options: StoreOptions) => EntryStore,
  nowMs: number,
): Promise<string> {
  const { values, positionals } = parseCommandLine(args);
  if (values.help === true || positionals.length === 0) return HELP.trimEnd();

  const title = positionals[0] === 'policy' ? positionals.slice(0, 2).join(' ') : (positionals[0] ?? '');
  const command = Object.hasOwn(COMMANDS, title) ? COMMANDS[title] : undefined;
  if (title === 'policy') {
    throw new CommandError('policy needs set, list or remove: npm run clients -- policy list');
  }
  if (command === undefined) throw new CommandError(`There is no command "${title}": try --help.`);
  const names = positionals.slice(title.split(' ').length);
  if (names.length !== command.names) {
    throw new CommandError(`${title} takes ${command.names === 0 ? 'no name' : 'one name'}: try --help.`);
  }
  const taken = new Set<string>([...command.options, ...STORE_OPTIONS]);
  const other = Object.keys(values).find((option) => !taken.has(option));
  if (other !== undefined) throw new CommandError(`${title} takes no option --${other}: try --help.`);

  const { local = false, env, 'namespace-id': namespaceId } = values;
  const { text, json } = await command.run(
    createStore({ local, env, namespaceId }),
    names[0] ?? '',
    values,
    nowMs,
  );
  return values.json === true ? JSON.stringify(json) : text;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    console.log(await runClients(process.argv.slice(2), createKvStore, Date.now()));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
