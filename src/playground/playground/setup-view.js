// The operator's remaining steps, shown on a deployment that is not ready.

import { fetchHealth } from './api.js';
import { byId, h } from './dom.js';
import { withCode } from './failure-view.js';
import { parseHealth, setupProblems } from './health.js';

export async function showSetup() {
  const health = parseHealth(await fetchHealth().catch(() => null));
  const setup = health === null ? null : setupProblems(health);
  const root = byId('setup', HTMLElement);
  root.hidden = setup === null;
  if (setup === null) return;
  root.replaceChildren(
    h('h2', {}, setup.title),
    h('ul', {}, ...setup.problems.map((problem) => h('li', {}, ...withCode(problem)))),
  );
}
