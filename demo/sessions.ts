import { randomBytes } from "node:crypto";

/** How long a session lives without being used, in seconds. */
export const SESSION_SECONDS = 2 * 60 * 60;

/** How long "remember me" lasts, in seconds: 180 days. */
export const REMEMBER_SECONDS = 180 * 24 * 60 * 60;

const MOST = 10_000;

export interface Session {
  readonly id: string;
  readonly userId: string;
  readonly csrf: string;
  /** Ms since the epoch. */
  readonly seenAt: number;
  /** One sentence for the next page, shown once. */
  readonly flash: string | null;
}

export interface Sessions {
  readonly open: (userId: string, now: number) => Session;
  /** Renews it; null where there is none, or it has run out. */
  readonly find: (id: string, now: number) => Session | null;
  readonly close: (id: string) => void;
  readonly say: (id: string, flash: string | null) => void;
  /** A token for the "remember me" cookie. */
  readonly remember: (userId: string) => string;
  /** The id of the person whom this token remembers; null for an unknown one. */
  readonly recall: (token: string) => string | null;
  readonly forget: (token: string) => void;
}

/** 192 bits that nobody guesses, as 32 characters that are safe in a cookie. */
export function randomToken(): string {
  return randomBytes(24).toString("base64url");
}

/** Sessions in memory; the oldest make room beyond ten thousand. */
export function createSessions(): Sessions {
  const sessions = new Map<string, Session>();
  const remembered = new Map<string, string>();

  function keep(session: Session): Session {
    sessions.delete(session.id);
    sessions.set(session.id, session);
    const oldest = sessions.size > MOST ? sessions.keys().next().value : undefined;
    if (oldest !== undefined) sessions.delete(oldest);
    return session;
  }

  return {
    open: (userId, now) => keep({ id: randomToken(), userId, csrf: randomToken(), seenAt: now, flash: null }),
    find(id, now) {
      const session = sessions.get(id);
      if (session === undefined) return null;
      if (now - session.seenAt <= SESSION_SECONDS * 1000) return keep({ ...session, seenAt: now });
      sessions.delete(id);
      return null;
    },
    close: (id) => {
      sessions.delete(id);
    },
    say(id, flash) {
      const session = sessions.get(id);
      if (session !== undefined) sessions.set(id, { ...session, flash });
    },
    remember(userId) {
      const token = randomToken();
      remembered.set(token, userId);
      return token;
    },
    recall: (token) => remembered.get(token) ?? null,
    forget: (token) => {
      remembered.delete(token);
    },
  };
}
