// The settings panel: beside the conversation where there is room, in a dialog where
// there isn't. It is one form in both cases.

import { byId, closeOnBackdrop, h } from './dom.js';
import { effortFor } from './models.js';
import { DEFAULTS, loadSettings, parseSettings, saveSettings } from './settings.js';

/**
 * @import { Access } from './access.js'
 * @import { Model, Settings } from '../types.ts'
 */

/** As in style.css. */
const NARROW = '(max-width: 60rem)';

/** @type {Readonly<Record<Settings['format'], string>>} */
const FORMAT_NOTES = {
  general: 'The reasoning comes as “reasoning”, which OpenRouter’s clients read.',
  'deepseek-style': 'The reasoning comes as “reasoning_content”, which DeepSeek’s clients read.',
  hidden: 'The reasoning never leaves the gateway.',
};

export class SettingsView {
  #form = byId('settings', HTMLFormElement);
  #model = byId('model', HTMLSelectElement);
  #key = byId('key', HTMLInputElement);
  #remember = byId('remember', HTMLInputElement);
  #sheet = byId('sheet', HTMLDialogElement);

  /**
   * @param {readonly Model[]} models
   * @param {Access} access
   * @param {{ changed: () => void, keyChanged: () => void }} events
   */
  constructor(models, access, events) {
    this.models = models;
    this.access = access;
    this.settings = loadSettings();
    this.#key.value = access.key;
    this.#remember.checked = access.remembered;
    this.setModels(models);

    this.#form.addEventListener('submit', (event) => event.preventDefault());
    this.#form.addEventListener('input', (event) => {
      if (event.target === this.#key || event.target === this.#remember) return;
      this.#read();
      events.changed();
    });
    this.#form.addEventListener('reset', (event) => {
      event.preventDefault();
      this.settings = DEFAULTS;
      saveSettings(DEFAULTS);
      this.#show();
      events.changed();
    });
    for (const input of [this.#key, this.#remember]) {
      // With each key stroke, not when the field is left: what moves then moves under a click.
      input.addEventListener('input', () => {
        access.setKey(this.#key.value, this.#remember.checked);
        this.#showAccess();
      });
    }
    this.#key.addEventListener('change', events.keyChanged);
    this.#moveWhereThereIsRoom();
  }

  /** @returns {Model} the one picked, or the first where that one isn't offered. */
  get model() {
    const first = this.models[0];
    const model = this.models.find(({ id }) => id === this.settings.model) ?? first;
    if (model === undefined) throw new Error('no models');
    return model;
  }

  /** @param {readonly Model[]} models - not empty. */
  setModels(models) {
    this.models = models;
    this.#model.replaceChildren(...models.map(({ id }) => h('option', { value: id }, id)));
    this.#show();
  }

  open() {
    if (this.#sheet.contains(this.#form) && !this.#sheet.open) this.#sheet.showModal();
  }

  /** Brings the visitor to where a key is entered. */
  askForKey() {
    this.open();
    this.#key.focus();
    this.#key.scrollIntoView({ block: 'center' });
  }

  /** Brings the visitor to the model and what belongs to it. */
  askForModel() {
    this.open();
    this.#model.focus();
  }

  #read() {
    const data = new FormData(this.#form);
    this.settings = parseSettings({ ...Object.fromEntries(data), stream: data.has('stream') });
    saveSettings(this.settings);
    this.#showNotes();
  }

  #show() {
    const { effort, format, temperature, maxTokens, stream, system } = this.settings;
    this.#model.value = this.model.id;
    const efforts = this.#form.elements.namedItem('effort');
    if (efforts instanceof RadioNodeList) efforts.value = effortFor(this.model, effort);
    byId('format', HTMLSelectElement).value = format;
    byId('temperature', HTMLInputElement).value = String(temperature);
    byId('maxTokens', HTMLInputElement).value = maxTokens === null ? '' : String(maxTokens);
    byId('stream', HTMLInputElement).checked = stream;
    byId('system', HTMLTextAreaElement).value = system;
    this.#showNotes();
    this.#showAccess();
  }

  #showNotes() {
    const { efforts } = this.model;
    for (const radio of this.#form.querySelectorAll('input[name="effort"]')) {
      if (!(radio instanceof HTMLInputElement)) continue;
      const isTaken = radio.value === '' || efforts.includes(radio.value);
      radio.disabled = !isTaken;
      if (radio.parentElement !== null) radio.parentElement.hidden = !isTaken;
      radio.checked = radio.value === effortFor(this.model, this.settings.effort);
    }
    byId('efforts-note', HTMLElement).textContent =
      efforts.length === 0
        ? 'This model takes no reasoning effort.'
        : efforts.length < 3
          ? `This model takes ${efforts.join(' and ')}.`
          : '';
    byId('model-open', HTMLButtonElement).textContent = this.model.id;
    byId('format-note', HTMLElement).textContent = FORMAT_NOTES[this.settings.format];
    byId('temperature-value', HTMLOutputElement).value = this.settings.temperature.toFixed(1);
  }

  #showAccess() {
    const { credential, siteKey } = this.access;
    byId('key-note', HTMLElement).textContent =
      credential === 'key'
        ? 'Sent as Bearer to this gateway only.'
        : siteKey === ''
          ? 'Not needed where the gateway is open to all.'
          : 'Not needed: a browser check lets you in.';
  }

  #moveWhereThereIsRoom() {
    const narrow = matchMedia(NARROW);
    const move = () => {
      if (this.#sheet.open) this.#sheet.close();
      byId(narrow.matches ? 'sheet-body' : 'panel', HTMLElement).append(this.#form);
    };
    narrow.addEventListener('change', move);
    move();
    byId('settings-open', HTMLButtonElement).addEventListener('click', () => this.open());
    byId('model-open', HTMLButtonElement).addEventListener('click', () => this.askForModel());
    closeOnBackdrop(this.#sheet);
  }
}
