-- What a desk could not send in time is taken late, from the account that the nonce was given to.
ALTER TABLE kazashi_nonce ADD COLUMN account TEXT;
ALTER TABLE kazashi_nonce ADD COLUMN issued_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE kazashi_nonce ADD COLUMN late_until BIGINT NOT NULL DEFAULT 0;
