const USER_INFO = /(:\/\/)[^\s/?#]*@/gi;
const SECRET_QUERY =
  /([?&][^=&\s#]*(?:pass|pwd|token|ticket|key|secret|auth|sig|user|streamid)[^=&\s#]*=)[^&\s#'"]*/gi;

/** Any text with the credentials of its URLs as `***`: user info and query values whose name says they are secret. */
export function redactUrl(text: string): string {
  return text.replace(USER_INFO, '$1***@').replace(SECRET_QUERY, '$1***');
}

/** Redacts text that may quote parts of `url` out of their context, as ffmpeg's messages do. */
export const redactorFor = (url: string): ((text: string) => string) => wordsHidden(secretsOf(url));

/** Redacts URLs, and these words wherever they are. A word that looks like a piece of a URL has another form by then. */
export function wordsHidden(words: readonly string[]): (text: string) => string {
  const forms = words.filter((word) => word !== '').flatMap((word) => [word, redactUrl(word)]);
  const longestFirst = forms.toSorted((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((line, form) => line.replaceAll(form, '***'), redactUrl(text));
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
