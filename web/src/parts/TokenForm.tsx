import type { Connection } from '../connection.js';

export function TokenForm({ connection, refused }: { connection: Connection; refused: boolean }) {
  return (
    <form
      class="hint"
      onSubmit={(event) => {
        event.preventDefault();
        const token = new FormData(event.currentTarget).get('token');
        if (typeof token === 'string' && token !== '') connection.useToken(token);
      }}
    >
      <strong>This server wants a token</strong>
      <p>It is the one in the server's configuration. It stays in this tab.</p>
      <label>
        Token
        <input name="token" type="password" autocomplete="current-password" required />
      </label>
      {refused && (
        <p class="refused" role="alert">
          The server refused this token.
        </p>
      )}
      <button type="submit">Open</button>
    </form>
  );
}
