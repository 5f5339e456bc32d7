// The attachments of the question that is being written: picked, pasted, dropped or by address.

import { announce, byId, h, icon } from './dom.js';
import { closeMenuOf } from './menu.js';

/** @import { Attachment } from '../types.ts' */

export class AttachmentTray {
  #list = byId('thumbs', HTMLElement);
  /** @type {readonly Attachment[]} */
  attachments = [];

  /** @param {{ changed: (problem: string) => void }} events - `problem`: in words; '' for none. */
  constructor(events) {
    this.events = events;
    this.#takeFiles();
    this.#takeAddress();
    this.#takeDrops();
  }

  /** @param {readonly Attachment[]} attachments */
  set(attachments) {
    this.attachments = attachments;
    this.#list.hidden = attachments.length === 0;
    this.#list.replaceChildren(...attachments.map((attachment) => this.#item(attachment)));
  }

  /** @param {Attachment} attachment */
  #item(attachment) {
    const { type, name, url } = attachment;
    const remove = () => {
      this.set(this.attachments.filter((other) => other !== attachment));
      this.events.changed('');
    };
    return h(
      'li',
      {},
      type === 'image' && url.startsWith('data:')
        ? h('img', { src: url, alt: name })
        : h('span', { class: 'chip' }, h('span', { class: 'chip-type' }, type), name),
      h('button', { type: 'button', 'aria-label': `Remove ${name}`, click: remove }, icon('close')),
    );
  }

  #takeFiles() {
    const file = byId('file', HTMLInputElement);
    const pick = byId('attach-file', HTMLButtonElement);
    pick.addEventListener('click', () => {
      closeMenuOf(pick);
      file.click();
    });
    file.addEventListener('change', () => {
      void this.#addFiles([...(file.files ?? [])]);
      file.value = '';
    });
    byId('prompt', HTMLTextAreaElement).addEventListener('paste', (event) => {
      const files = mediaOf(event.clipboardData);
      if (files.length === 0) return;
      event.preventDefault();
      void this.#addFiles(files);
    });
  }

  #takeAddress() {
    const address = byId('attach-address', HTMLInputElement);
    const add = byId('attach-add', HTMLButtonElement);
    const submit = async () => {
      closeMenuOf(add);
      const problem = await this.#addAddress(address.value);
      // A refused address stays, so that the visitor can correct it.
      if (problem === '') address.value = '';
    };
    add.addEventListener('click', () => void submit());
    address.addEventListener('keydown', (event) => {
      // It stands within the composer's form, which Enter would send.
      if (event.key !== 'Enter') return;
      event.preventDefault();
      void submit();
    });
  }

  #takeDrops() {
    const stage = byId('stage', HTMLElement);
    /** @param {DragEvent} event */
    const over = (event) => {
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault();
      stage.classList.add('dropping');
    };
    const leave = () => stage.classList.remove('dropping');
    stage.addEventListener('dragenter', over);
    stage.addEventListener('dragover', over);
    stage.addEventListener('dragleave', (event) => {
      if (!(event.relatedTarget instanceof Node && stage.contains(event.relatedTarget))) leave();
    });
    stage.addEventListener('drop', (event) => {
      leave();
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault();
      void this.#addFiles(mediaOf(event.dataTransfer));
    });
  }

  /** @param {readonly File[]} files */
  async #addFiles(files) {
    const { readAttachment } = await import('./attachments.js');
    let problem = '';
    for (const file of files) problem = (await this.#add(() => readAttachment(file))) || problem;
    if (problem !== '') this.events.changed(problem);
  }

  /**
   * @param {string} address
   * @returns {Promise<string>} the problem, in words; '' for none.
   */
  async #addAddress(address) {
    const { attachmentFromAddress } = await import('./attachments.js');
    return this.#add(async () => attachmentFromAddress(address));
  }

  /**
   * @param {() => Promise<Attachment>} read
   * @returns {Promise<string>} the problem, in words; '' for none.
   */
  async #add(read) {
    const { ATTACHMENTS_MAX } = await import('./attachments.js');
    let problem = '';
    try {
      if (this.attachments.length >= ATTACHMENTS_MAX) {
        throw new Error(`A message takes ${ATTACHMENTS_MAX} attachments at most.`);
      }
      const attachment = await read();
      this.set([...this.attachments, attachment]);
      announce(`${attachment.name} added`);
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    this.events.changed(problem);
    return problem;
  }
}

/** @param {DataTransfer | null} data */
function mediaOf(data) {
  return [...(data?.files ?? [])].filter(({ type }) => /^(?:image|audio)\//.test(type));
}
