import { describe, expect, it } from 'vitest';
import { attachmentFromAddress } from '../../../src/playground/playground/attachments.js';

describe('attachmentFromAddress', () => {
  it.each([
    ['https://a.example/cat.png', { type: 'image', name: 'cat.png' }],
    [' https://a.example/clip.MP4?x=1 ', { type: 'video', name: 'clip.MP4' }],
    ['http://a.example', { type: 'image', name: 'a.example' }],
  ])('reads %s', (address, expected) => {
    expect(attachmentFromAddress(address)).toMatchObject({ ...expected, url: new URL(address.trim()).href });
  });

  it.each([
    ['', 'https://'],
    ['cat.png', 'https://'],
    ['javascript:alert(1)', 'https://'],
    ['https://a.example/clip.webm', 'MP4'],
  ])('refuses %j', (address, message) => {
    expect(() => attachmentFromAddress(address)).toThrow(message);
  });
});
