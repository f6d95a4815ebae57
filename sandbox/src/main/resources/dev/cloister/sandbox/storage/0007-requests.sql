-- Requests with an Idempotency-Key, and how they were answered. The answer is encrypted with a key
-- that only the client's own Idempotency-Key gives.
CREATE TABLE request (
  id          TEXT PRIMARY KEY,
  principal   TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  answer      BLOB,
  size_bytes  INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX request_of_principal ON request (principal);
CREATE INDEX request_expiry ON request (expires_at);
