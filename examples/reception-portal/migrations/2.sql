-- When the server heard of a visit that came late; `at` is then when the page says that the card
-- signed.
ALTER TABLE portal_visit ADD COLUMN recorded_at BIGINT;

-- Who was forgotten, as a digest of their identifier, for as long as a visit from before may come late.
CREATE TABLE portal_forgotten (
    visitor TEXT PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL
);

-- Whether the screen of this session is turned to visitors, who may do less than the staff.
ALTER TABLE portal_session ADD COLUMN faces_visitors BIGINT NOT NULL DEFAULT 0;

-- When somebody signed in: for a while after that, nothing more is asked of them to set a code.
ALTER TABLE portal_session ADD COLUMN begun_at BIGINT NOT NULL DEFAULT 0;

-- The hash of a code of the staff's own, by which they show that it is they who are at the desk.
ALTER TABLE portal_account ADD COLUMN code TEXT;

-- The stay of the card on the reader, as a keyed hash: nobody is received twice in one.
ALTER TABLE portal_visit ADD COLUMN stay TEXT;
CREATE UNIQUE INDEX portal_visit_stay ON portal_visit (stay);
-- When the certificate of somebody who is enrolled was found to be revoked: no gate's list has them
-- from then on, unless it is found to be good again.
ALTER TABLE portal_gate_tag ADD COLUMN revoked_at BIGINT;

-- When an event was closed: its gates let nobody in any more.
ALTER TABLE portal_gate_event ADD COLUMN closed_at BIGINT;
-- Whether whoever left may come in again with the same ticket.
ALTER TABLE portal_gate_event ADD COLUMN re_entry BIGINT NOT NULL DEFAULT 0;
-- Each gate's key is derived with it: the next is another one. What portal_gate_tag has in `tag` is
-- the certificate's digest, hidden by the pairwise key, of which the tags of each event are made.
ALTER TABLE portal_gate_event ADD COLUMN key_generation BIGINT NOT NULL DEFAULT 0;
-- A name as people search for it: folded, so that spaces, width, case and variants do not count.
ALTER TABLE portal_attributes ADD COLUMN search_name TEXT;

-- Whether what was deleted is gone from the database's files too: pending, gone, or left-to-server
-- where the database does it in its own time.
ALTER TABLE portal_deletion ADD COLUMN erasure TEXT NOT NULL DEFAULT 'pending';

-- Whose card is received nowhere, until that is lifted or they are forgotten.
CREATE TABLE portal_suspension (
    subject TEXT PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    account TEXT NOT NULL
);

-- Lines of the record are numbered without gaps, and each has a digest of itself and the one before.
-- Lines of before have neither until a portal that knows of this starts.
ALTER TABLE portal_audit ADD COLUMN line BIGINT;
ALTER TABLE portal_audit ADD COLUMN digest TEXT;
CREATE UNIQUE INDEX portal_audit_line ON portal_audit (line);
