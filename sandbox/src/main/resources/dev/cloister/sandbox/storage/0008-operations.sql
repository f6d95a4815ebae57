-- Work whose client did not want to wait, and how it was answered. The body is absent while it goes
-- on, and where it is larger than what is kept.
CREATE TABLE operation (
  id          TEXT PRIMARY KEY,
  tenant      TEXT NOT NULL REFERENCES tenant (name) ON DELETE CASCADE,
  kind        TEXT NOT NULL,
  plugin      TEXT NOT NULL,
  actor       TEXT NOT NULL,
  status      TEXT NOT NULL,
  created_at  INTEGER NOT NULL,
  ended_at    INTEGER,
  http_status INTEGER,
  headers     TEXT,
  body        BLOB
) STRICT;

CREATE INDEX operation_of_tenant ON operation (tenant);
CREATE INDEX operation_end ON operation (ended_at);
