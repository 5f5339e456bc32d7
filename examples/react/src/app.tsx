import { useChat } from '@ai-sdk/react';
import { useMemo } from 'react';
import { createTransport } from './transport.ts';

const GATEWAY = 'http://127.0.0.1:8787/v1'; // your gateway

/** Replace this by the token of the signed-in user, as your identity provider's library returns it. */
const getToken = async () => 'token-of-the-user';

export function App() {
  const transport = useMemo(() => createTransport(GATEWAY, getToken), []);
  const { messages, sendMessage, status, stop, error } = useChat({ transport });
  const isBusy = status === 'submitted' || status === 'streaming';

  function submit(form: FormData) {
    const text = form.get('prompt');
    if (typeof text === 'string' && text !== '') void sendMessage({ text });
  }

  return (
    <main>
      {messages.map(({ id, role, parts }) => (
        <article key={id} aria-label={role}>
          {parts.map((part, index) => {
            if (part.type === 'text') return <p key={index}>{part.text}</p>;
            if (part.type !== 'reasoning') return null;
            return (
              <details key={index}>
                <summary>Reasoning</summary>
                {part.text}
              </details>
            );
          })}
        </article>
      ))}
      {error && <p role="alert">{error.message}</p>}
      <form action={submit}>
        <input name="prompt" aria-label="Message" required />
        <button disabled={isBusy}>Send</button>
        {isBusy && (
          <button type="button" onClick={() => void stop()}>
            Stop
          </button>
        )}
      </form>
    </main>
  );
}
