// The sound of an audio model's answer: silence, a tenth of a second or less for each token. Each part has a
// multiple of 3 bytes, so that the base64 texts of a stream's chunks, joined, are the base64 text of the file.

export const AUDIO_FORMATS = ['wav', 'mp3'] as const;
export type AudioFormat = (typeof AUDIO_FORMATS)[number];

/** 8-bit samples are unsigned: silence is the middle. */
const SILENCE = 0x80;
const SAMPLES_PER_SECOND = 8_000;
const WAV_SAMPLES_PER_TOKEN = 801;
/** 44 bytes of header and one sample. */
const WAV_HEADER_BYTES = 45;
/** ISO 11172-3: layer III, 32 kbit/s, 44.1 kHz, mono. 144 × 32,000 / 44,100 = 104 bytes and 26 ms. */
const MP3_FRAME_HEADER = [0xff, 0xfb, 0x10, 0xc4];
const MP3_FRAME_BYTES = 104;
const MP3_FRAMES_PER_TOKEN = 3;

/** @returns base64 of the file's beginning, for a file of so many tokens: empty for mp3, which has no header. */
export function audioHeader(format: AudioFormat, tokens: number): string {
  if (format === 'mp3') return '';
  const samples = tokens * WAV_SAMPLES_PER_TOKEN + 1;
  const bytes = new Uint8Array(WAV_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const writeText = (at: number, text: string): void =>
    bytes.set(
      Array.from(text, (letter) => letter.charCodeAt(0)),
      at,
    );
  // RIFF (Microsoft, 1991): one `fmt ` chunk of 16 bytes, PCM, mono, 8 bits; then `data`.
  writeText(0, 'RIFF');
  view.setUint32(4, 36 + samples, true);
  writeText(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, SAMPLES_PER_SECOND, true);
  view.setUint32(28, SAMPLES_PER_SECOND, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  writeText(36, 'data');
  view.setUint32(40, samples, true);
  bytes[44] = SILENCE;
  return base64Of(bytes);
}

/** @returns base64 of one token's sound. */
export function audioOfToken(format: AudioFormat): string {
  if (format === 'wav') return base64Of(new Uint8Array(WAV_SAMPLES_PER_TOKEN).fill(SILENCE));
  const bytes = new Uint8Array(MP3_FRAME_BYTES * MP3_FRAMES_PER_TOKEN);
  for (let frame = 0; frame < MP3_FRAMES_PER_TOKEN; frame += 1) {
    bytes.set(MP3_FRAME_HEADER, frame * MP3_FRAME_BYTES);
  }
  return base64Of(bytes);
}

function base64Of(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
