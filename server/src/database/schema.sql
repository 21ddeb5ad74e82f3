-- Texts and big integers only: the same for SQLite and PostgreSQL. Times are in milliseconds.

CREATE TABLE kazashi_nonce (
    digest TEXT PRIMARY KEY NOT NULL,
    session TEXT NOT NULL,
    method TEXT NOT NULL,
    signed_at BIGINT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX kazashi_nonce_expiry ON kazashi_nonce (expires_at);

CREATE TABLE kazashi_session (
    digest TEXT PRIMARY KEY NOT NULL,
    role TEXT NOT NULL,
    account TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX kazashi_session_expiry ON kazashi_session (expires_at);

CREATE TABLE kazashi_bridge (
    public_key TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    enrolled_at BIGINT NOT NULL,
    revoked_at BIGINT
);

-- When each session and each bridge has its whole burst again.
CREATE TABLE kazashi_terminal_rate (
    subject TEXT PRIMARY KEY NOT NULL,
    full_at BIGINT NOT NULL
);

-- Only ever added to.
CREATE TABLE kazashi_terminal_record (
    at BIGINT NOT NULL,
    session TEXT NOT NULL,
    bridge TEXT NOT NULL,
    outcome TEXT NOT NULL
);
CREATE INDEX kazashi_terminal_record_time ON kazashi_terminal_record (at);

CREATE TABLE kazashi_enrolment (
    subject TEXT PRIMARY KEY NOT NULL,
    recognition TEXT UNIQUE,
    enrolment TEXT NOT NULL
);
