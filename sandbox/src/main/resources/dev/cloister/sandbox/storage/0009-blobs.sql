-- The bytes of versions where the database is PostgreSQL. With SQLite they are files, and these
-- tables stay empty.

-- A sequence of bytes on its way in, and then for as long as a blob names it.
CREATE TABLE blob_content (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  begun_at INTEGER NOT NULL
) STRICT;

CREATE TABLE blob_chunk (
  content  INTEGER NOT NULL REFERENCES blob_content (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  bytes    BLOB NOT NULL,
  PRIMARY KEY (content, position)
) STRICT;

CREATE TABLE blob (
  digest     TEXT PRIMARY KEY,
  content    INTEGER NOT NULL UNIQUE REFERENCES blob_content (id),
  size_bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
