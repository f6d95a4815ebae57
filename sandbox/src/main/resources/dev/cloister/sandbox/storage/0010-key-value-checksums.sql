-- CRC-32C of the key in UTF-8 and the value, by which a damaged pair is told; NULL for pairs that are
-- older than this.
ALTER TABLE kv_entry ADD COLUMN checksum INTEGER;
