export interface Substituted {
  readonly text: string;
  /** First variable that is neither set nor has a default. */
  readonly missing: string | null;
}

const REFERENCE = /\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/** Replaces `${VAR}` and `${VAR:-default}`; `$$` is one dollar sign. An empty variable counts as unset for a default. */
export function substituteEnv(text: string, env: Readonly<Record<string, string | undefined>>): Substituted {
  let missing: string | null = null;
  const replaced = text.replace(
    REFERENCE,
    (whole, name: string | undefined, fallback: string | undefined) => {
      if (whole === '$$' || name === undefined) return '$';
      const value = env[name];
      if (fallback !== undefined) return value || fallback;
      if (value === undefined) missing ??= name;
      return value ?? '';
    },
  );
  return { text: replaced, missing };
}
