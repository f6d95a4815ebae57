package dev.cloister.sandbox.registry;

import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.host.HostServiceException;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.ApiException;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.TenantManifest.KeyValuesEntry;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.KeyValueCursor;
import dev.cloister.sandbox.storage.KeyValuePair;
import dev.cloister.sandbox.storage.KeyValueRecord;
import dev.cloister.sandbox.storage.KeyValueUsage;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The entry `key-values.ndjson` of an archive: a line of JSON for each pair, in the order of the
/// bytes of their keys, so that no key comes twice.
///
/// Nothing here has more than one line in memory, whoever made the archive.
final class KeyValueArchive {
  static final String NAME = "key-values.ndjson";

  /// Four bytes for three of the largest value, and a key of which each byte is escaped.
  private static final int MAX_LINE_BYTES = StoredKeyValues.MAX_VALUE_BYTES / 3 * 4 + (16 << 10);

  private KeyValueArchive() {}

  /// A line.
  ///
  /// @param key the key
  /// @param value the value in Base64
  /// @param updatedAt when it was set
  private record Line(@Nullable String key, @Nullable String value, @Nullable String updatedAt) {
    static Line of(KeyValuePair pair) {
      return new Line(
          pair.record().key(),
          Base64.getEncoder().encodeToString(pair.value()),
          pair.record().updatedAt().toString());
    }
  }

  /// Writes pairs into a file, from its beginning, and returns what the manifest says of them.
  ///
  /// @throws UncheckedIOException if the file cannot be written
  static KeyValuesEntry write(KeyValueCursor pairs, Path file) {
    MessageDigest digest = BlobDigest.newMessageDigest();
    KeyValueUsage usage = KeyValueUsage.NONE;
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file));
        DigestOutputStream digested = new DigestOutputStream(out, digest)) {
      for (@Nullable KeyValuePair pair = pairs.next(); pair != null; pair = pairs.next()) {
        digested.write(Json.write(Line.of(pair)));
        digested.write('\n');
        usage = usage.plus(1, pair.record().sizeBytes());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write an archive", e);
    }
    return new KeyValuesEntry(
        usage.count(), usage.bytes(), BlobDigest.ofHash(digest.digest()).toString());
  }

  /// Reads all lines and gives each pair to `sink`; the last ones may prove the entry wrong.
  ///
  /// @param announced what the manifest says of them
  /// @param maxBytes what keys and values may have together
  /// @throws ApiException if a line or all of them are not as they must be
  /// @throws IOException if the entry cannot be read
  static void read(
      InputStream in, KeyValuesEntry announced, long maxBytes, Consumer<KeyValuePair> sink)
      throws IOException {
    MessageDigest digest = BlobDigest.newMessageDigest();
    KeyValueUsage usage = KeyValueUsage.NONE;
    try (DigestInputStream digested =
        new DigestInputStream(new BufferedInputStream(in, 1 << 16), digest)) {
      byte[] before = new byte[0];
      byte @Nullable [] line = line(digested, 1);
      while (line != null) {
        String where = NAME + " line " + (usage.count() + 1);
        KeyValuePair pair = pair(where, line);
        byte[] key = pair.record().key().getBytes(StandardCharsets.UTF_8);
        if (Arrays.compareUnsigned(before, key) >= 0) {
          throw TenantManifest.invalid(where + " key", pair.record().key(), "after the one before");
        }
        before = key;
        usage = usage.plus(1, pair.record().sizeBytes());
        requireRoom(usage, maxBytes);
        sink.accept(pair);
        line = line(digested, usage.count() + 1);
      }
    }
    require("keyValues.count", announced.count(), usage.count());
    require("keyValues.bytes", announced.bytes(), usage.bytes());
    require("keyValues.digest", announced.digest(), BlobDigest.ofHash(digest.digest()).toString());
  }

  private static void requireRoom(KeyValueUsage usage, long maxBytes) {
    if (usage.count() > StoredKeyValues.MAX_KEYS) {
      throw tooMany(usage.count());
    }
    if (usage.bytes() > maxBytes) {
      throw Problem.limit(
              ProblemType.STORAGE_FULL,
              IsolateLimit.STORAGE_BYTES.limitName(),
              usage.bytes(),
              maxBytes)
          .asException();
    }
  }

  /// The exception for more keys than a tenant may have.
  static ApiException tooMany(long count) {
    return Problem.limit(ProblemType.LIMIT, "keyValues", count, StoredKeyValues.MAX_KEYS)
        .asException();
  }

  private static void require(String what, @Nullable Object announced, Object actual) {
    if (!actual.equals(announced)) {
      throw TenantManifest.invalid(what, announced, "that of " + NAME + ", " + actual);
    }
  }

  private static KeyValuePair pair(String where, byte[] text) {
    Line line;
    try {
      line = Json.read(text, Line.class);
    } catch (ApiException e) {
      throw TenantManifest.invalid(
          where, e.problem().detail(), "a JSON object with key, value and updatedAt");
    }
    if (line.key == null) {
      throw TenantManifest.invalid(where + " key", null, "a text");
    }
    byte[] value = value(where, line.value);
    try {
      StoredKeyValues.requireKey(line.key);
      StoredKeyValues.requireValue(value);
    } catch (HostServiceException e) {
      throw TenantManifest.invalid(where, e.getMessage(), "a pair that could be set");
    }
    return new KeyValuePair(
        new KeyValueRecord(
            line.key,
            StoredKeyValues.sizeBytes(line.key, value),
            TenantManifest.time(where + " updatedAt", line.updatedAt)),
        value);
  }

  private static byte[] value(String where, @Nullable String text) {
    try {
      return Base64.getDecoder().decode(text == null ? "null?" : text);
    } catch (IllegalArgumentException _) {
      throw TenantManifest.invalid(where + " value", text == null ? null : "other", "Base64");
    }
  }

  /// Returns the next line without its end, or null if there is none.
  private static byte @Nullable [] line(InputStream in, long number) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int next = in.read();
    if (next < 0) {
      return null;
    }
    while (next != '\n') {
      if (next < 0) {
        throw TenantManifest.invalid(NAME + " line " + number, "its beginning", "a whole line");
      }
      if (line.size() == MAX_LINE_BYTES) {
        throw TenantManifest.invalid(
            NAME + " line " + number, "more", "at most " + MAX_LINE_BYTES + " bytes long");
      }
      line.write(next);
      next = in.read();
    }
    return line.toByteArray();
  }
}
