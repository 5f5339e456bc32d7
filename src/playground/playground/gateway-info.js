// The gateway's documents for this caller: its models, its token budget, and whether it accepts the key.

import { fetchDocument, NEVER } from './api.js';
import { byId } from './dom.js';
import { Failure } from './failure.js';
import { text, field } from './json.js';
import { isSimulated, parseModels } from './models.js';

/**
 * @import { Access } from './access.js'
 * @import { AccessView } from './access-view.js'
 * @import { SettingsView } from './settings-view.js'
 * @import { KeyCheck } from '../types.ts'
 */

/** `client` of GET /v1/usage for a caller without valid credentials (`ANONYMOUS_ACCESS`). */
const ANONYMOUS = 'anonymous';

export class GatewayInfo {
  /**
   * @param {Access} access
   * @param {AccessView} accessView
   * @param {SettingsView} settings
   */
  constructor(access, accessView, settings) {
    this.access = access;
    this.accessView = accessView;
    this.settings = settings;
  }

  /**
   * Shows the models and the token budget, or asks for a key.
   * @returns {Promise<KeyCheck>} the check of the credential that the page has now.
   */
  async load() {
    try {
      const models = await fetchDocument('/v1/models', await this.access.token(NEVER));
      this.settings.setModels(parseModels(models));
      byId('simulator', HTMLElement).hidden = !isSimulated(models);
    } catch (error) {
      const isRefused = error instanceof Failure && error.details.status === 401;
      if (isRefused) this.accessView.demand();
      // The first question explains other reasons; until then the page offers the models it knows.
      return isRefused ? 'refused' : 'unknown';
    }
    const client = await this.showUsage();
    // With ANONYMOUS_ACCESS the gateway lists its models for any key: only the client's name tells.
    if (client === null) return 'unknown';
    return client === ANONYMOUS ? 'ignored' : 'accepted';
  }

  /** @returns {Promise<string | null>} the client's name; null if the gateway does not tell it. */
  async showUsage() {
    const usage = await this.access
      .token(NEVER)
      .then((token) => fetchDocument('/v1/usage', token))
      // Without the document there is nothing to show.
      .catch(() => undefined);
    this.accessView.showUsage(usage);
    return text(field(usage, 'client')) || null;
  }
}
