-- Texts and big integers only: the same for SQLite and PostgreSQL. Times are in milliseconds since
-- 1970, days are YYYY-MM-DD where the institution is, and a subject is a pairwise identifier.

-- The pairwise key that subjects are made with, by its fingerprint: one row.
CREATE TABLE portal_key (
    one BIGINT PRIMARY KEY NOT NULL CHECK (one = 1),
    fingerprint TEXT NOT NULL
);

-- Numbers without gaps: whoever takes one holds the row until the transaction ends, so that numbers
-- become visible in their order.
CREATE TABLE portal_counter (
    name TEXT PRIMARY KEY NOT NULL,
    value BIGINT NOT NULL
);

CREATE TABLE portal_account (
    name TEXT PRIMARY KEY NOT NULL,
    role TEXT NOT NULL,
    password TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Who signed in, beside kazashi_session, which has the session's absolute end.
CREATE TABLE portal_session (
    digest TEXT PRIMARY KEY NOT NULL,
    account TEXT NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX portal_session_account ON portal_session (account);
CREATE INDEX portal_session_seen ON portal_session (seen_at);

-- When each of those who ask has the whole burst of a limit again.
CREATE TABLE portal_rate (
    subject TEXT PRIMARY KEY NOT NULL,
    full_at BIGINT NOT NULL
);

-- Only ever added to.
CREATE TABLE portal_audit (
    at BIGINT NOT NULL,
    account TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT
);
CREATE INDEX portal_audit_time ON portal_audit (at);

-- What the board is told, in order. Of whom it tells is looked up when it is told.
CREATE TABLE portal_event (
    sequence BIGINT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE TABLE portal_visit (
    id TEXT PRIMARY KEY NOT NULL,
    request TEXT NOT NULL,
    day TEXT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    road TEXT NOT NULL,
    is_returning BIGINT NOT NULL,
    subject TEXT,
    account TEXT NOT NULL,
    checked TEXT UNIQUE,
    revocation TEXT NOT NULL,
    receipt TEXT NOT NULL,
    UNIQUE (day, number)
);
CREATE INDEX portal_visit_subject ON portal_visit (subject);

-- What a visitor last agreed to show, and nothing else.
CREATE TABLE portal_attributes (
    subject TEXT PRIMARY KEY NOT NULL,
    name TEXT,
    address TEXT,
    birth_date TEXT,
    sex TEXT,
    integrity TEXT NOT NULL,
    agreed_at BIGINT NOT NULL
);

-- Checks by eye (目視確認). The two digests are gone when they are of no more use.
CREATE TABLE portal_check (
    id TEXT PRIMARY KEY NOT NULL,
    request TEXT NOT NULL,
    at BIGINT NOT NULL,
    session TEXT NOT NULL,
    account TEXT NOT NULL,
    decision TEXT NOT NULL,
    terminal_nonce TEXT,
    card_surface_key TEXT
);
CREATE INDEX portal_check_time ON portal_check (at);

-- That somebody was forgotten, but not who.
CREATE TABLE portal_deletion (
    id TEXT PRIMARY KEY NOT NULL,
    request TEXT NOT NULL,
    at BIGINT NOT NULL,
    visits BIGINT NOT NULL,
    had_enrolment BIGINT NOT NULL
);

-- How the gate knows the certificates of those who are enrolled while it cannot ask.
CREATE TABLE portal_gate_tag (
    subject TEXT PRIMARY KEY NOT NULL,
    tag TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE portal_gate_event (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    day TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE portal_ticket (
    event TEXT NOT NULL,
    ticket TEXT NOT NULL,
    subject TEXT,
    PRIMARY KEY (event, ticket),
    UNIQUE (event, subject)
);
CREATE INDEX portal_ticket_subject ON portal_ticket (subject);

CREATE TABLE portal_entry (
    id TEXT PRIMARY KEY NOT NULL,
    request TEXT NOT NULL,
    event TEXT NOT NULL,
    ticket TEXT,
    outcome TEXT NOT NULL,
    is_provisional BIGINT NOT NULL,
    at BIGINT NOT NULL,
    account TEXT NOT NULL
);
-- A ticket admits once.
CREATE UNIQUE INDEX portal_admission ON portal_entry (event, ticket) WHERE outcome = 'admitted';
