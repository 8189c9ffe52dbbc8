-- The broker's tables. Types are those that every supported database has: integers, text and bytes.
-- Times are milliseconds since 1970 (UTC). PostgreSQL gets a folder of its own with the same version numbers.

-- Keys that the broker makes for itself. `server_key` is the HMAC key of the codes.
CREATE TABLE secrets (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
);

CREATE TABLE accounts (
    name     TEXT   NOT NULL PRIMARY KEY,
    password TEXT   NOT NULL,               -- Argon2id, PHC string
    enabled  BIGINT NOT NULL,               -- 0 or 1
    made_ms  BIGINT NOT NULL
);
-- No two accounts that differ in capital letters only.
CREATE UNIQUE INDEX accounts_alike ON accounts (lower(name));

-- Certificates with which an account has logged in.
CREATE TABLE devices (
    account     TEXT   NOT NULL REFERENCES accounts (name),
    certificate BLOB   NOT NULL,            -- SHA-256
    first_ms    BIGINT NOT NULL,
    last_ms     BIGINT NOT NULL,
    PRIMARY KEY (account, certificate)
);

CREATE TABLE tokens (
    hash        BLOB   NOT NULL PRIMARY KEY, -- SHA-256 of the token
    account     TEXT   NOT NULL REFERENCES accounts (name),
    certificate BLOB   NOT NULL,             -- SHA-256; the token is good with this certificate only
    expires_ms  BIGINT NOT NULL
);

CREATE TABLE sessions (
    id         TEXT   NOT NULL PRIMARY KEY,  -- 32 hexadecimal digits
    account    TEXT   NOT NULL REFERENCES accounts (name),
    made_ms    BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,              -- of the code
    offer      BLOB,                         -- the operator's signed offer
    joined_ms  BIGINT,
    ended_ms   BIGINT
);
CREATE INDEX sessions_by_expiry ON sessions (expires_ms);

-- Codes that may not be drawn: alive, or in quarantine.
CREATE TABLE codes (
    mac     BLOB   NOT NULL PRIMARY KEY,     -- HMAC-SHA-256 under the server key
    session TEXT   NOT NULL REFERENCES sessions (id),
    free_ms BIGINT NOT NULL                  -- when it may be drawn again
);

-- What is remembered about wrong codes and wrong passwords.
CREATE TABLE throttle (
    key      TEXT   NOT NULL PRIMARY KEY,
    full_ms  BIGINT NOT NULL,
    wrong_ms BIGINT NOT NULL,
    failures BIGINT NOT NULL
);

-- What happened, as the network saw it. Nothing of a session's content is ever here.
CREATE TABLE events (
    id      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at_ms   BIGINT  NOT NULL,
    kind    TEXT    NOT NULL,
    account TEXT,
    session TEXT,
    source  TEXT                             -- address, without port
);
CREATE INDEX events_by_time ON events (at_ms);
