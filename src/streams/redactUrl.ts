const USER_INFO = /(:\/\/)[^\s/?#]*@/gi;
const SECRET_QUERY =
  /([?&][^=&\s#]*(?:pass|pwd|token|ticket|key|secret|auth|sig|user|streamid)[^=&\s#]*=)[^&\s#'"]*/gi;

/** Any text with the credentials of its URLs as `***`: user info and query values whose name says they are secret. */
export function redactUrl(text: string): string {
  return text.replace(USER_INFO, '$1***@').replace(SECRET_QUERY, '$1***');
}

/** Redacts text that may quote parts of `url` out of their context, as ffmpeg's messages do. */
export function redactorFor(url: string): (text: string) => string {
  const secrets = secretsOf(url);
  return (text) => secrets.reduce((line, secret) => line.replaceAll(secret, '***'), redactUrl(text));
}

function secretsOf(url: string): string[] {
  const raw = /^[a-z][a-z0-9+.-]*:\/\/[^/?#:]*:([^/?#]*)@/i.exec(url)?.[1];
  if (!raw) return [];
  const plain = decodeSafely(raw);
  return raw === plain ? [raw] : [raw, plain];
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
