import { describe, expect, it } from 'vitest';
import { chat, parse } from './support.ts';

const sizeOf = (...content: object[]) => parse(chat({ messages: [{ role: 'user', content }] })).promptSize();
const image = (url: string, detail?: string) => ({
  type: 'image_url',
  image_url: { url, ...(detail === undefined ? {} : { detail }) },
});
const REMOTE = 'https://a.example/a.png';
/** 90,000 bytes. */
const LONG = 'QUJD'.repeat(30_000);

describe('promptSize', () => {
  it('counts the bytes of text', () => {
    const bare = parse(chat()).promptSize();
    expect(bare).toMatchObject({ images: 0, detailedImages: 0, videos: 0, audioBytes: 0 });
    const longer = parse(chat({ messages: [{ role: 'user', content: 'ä'.repeat(1_000) }] })).promptSize();
    expect(longer.textBytes - bare.textBytes).toBeGreaterThan(1_900);
    expect(longer.textBytes - bare.textBytes).toBeLessThan(2_100);
  });

  it('counts images by their detail, and not their bytes', () => {
    const size = sizeOf(
      image(REMOTE),
      image(REMOTE, 'low'),
      image(REMOTE, 'high'),
      image(`data:image/png;base64,${LONG}`, 'high'),
    );
    expect(size).toMatchObject({ images: 2, detailedImages: 2, videos: 0, audioBytes: 0 });
    expect(size.textBytes).toBeLessThan(1_000);
    expect(size.textBytes).toBeGreaterThan(100);
  });

  it('counts videos', () => {
    const video = { type: 'video_url', video_url: { url: 'https://a.example/a.mp4' } };
    expect(sizeOf(video, video)).toMatchObject({ images: 0, videos: 2 });
  });

  it('counts the bytes of sounds, short and long', () => {
    const sound = (data: string) => ({ type: 'input_audio', input_audio: { data } });
    const short = sizeOf(sound('data:audio/wav;base64,QUJDQUJD'));
    expect(short.audioBytes).toBeGreaterThanOrEqual(6);
    expect(short.audioBytes).toBeLessThan(30);
    const long = sizeOf(sound(`data:audio/wav;base64,${LONG}`), sound(`data:audio/wav;base64,${LONG}`));
    expect(long.audioBytes).toBeGreaterThanOrEqual(180_000);
    expect(long.audioBytes).toBeLessThan(180_100);
    expect(long.textBytes).toBeLessThan(1_000);
  });
});
