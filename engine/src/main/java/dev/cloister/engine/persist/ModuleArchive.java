package dev.cloister.engine.persist;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.code.ClassFileArchive;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.stats.CodeNotPersisted;
import dev.cloister.engine.stats.CodePersisted;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The archive of one module: reads units of its file, and collects new ones until they are
/// written.
///
/// In memory are the index of the file and what is not written yet; class files are read when they
/// are asked for. Safe to use by any thread.
final class ModuleArchive implements ClassFileArchive {
  private static final int COPY_BYTES = 64 << 10;

  /// The part of what is kept already that new code may have before all is written again.
  private static final int REWRITE_SHARE = 4;

  private final CodePersistence persistence;
  private final ModuleHash module;
  private final String identity;
  private final String name;
  private final Object lock = new Object();

  private volatile boolean wasFilled;

  /// What is written with the next units, made at that time.
  private final Map<String, Supplier<byte[]>> descriptions = new ConcurrentHashMap<>();

  /// What is in the file, as far as it is known.
  @GuardedBy("lock")
  private ArchiveIndex index = ArchiveIndex.EMPTY;

  /// What is to be written.
  @GuardedBy("lock")
  private final Map<String, byte[]> pending = new LinkedHashMap<>();

  @GuardedBy("lock")
  private int pendingBytes;

  @GuardedBy("lock")
  private long lastAddedNanos;

  /// Whether nothing is added any more, since writing failed or there is no room.
  @GuardedBy("lock")
  private boolean isClosed;

  /// @param name that of the file
  ModuleArchive(
      CodePersistence persistence, ModuleHash module, ArchiveIdentity identity, String name) {
    this.persistence = persistence;
    this.module = module;
    this.identity = identity.text();
    this.name = name;
  }

  /// Finds out what is in the file. Reads it.
  void load() {
    try (SeekableByteChannel channel = persistence.store().open(name)) {
      if (channel != null) {
        ArchiveIndex read = readHead(channel);
        use(read);
        wasFilled = !read.units().isEmpty();
      }
    } catch (IOException e) {
      ignore(e);
    }
  }

  private ArchiveIndex readHead(SeekableByteChannel channel) throws IOException {
    return ArchiveFormat.readHead(channel, persistence.key(), module, identity);
  }

  private void use(ArchiveIndex read) {
    synchronized (lock) {
      index = read;
    }
  }

  private ArchiveIndex index() {
    synchronized (lock) {
      return index;
    }
  }

  /// Goes on as if there were no file, which is replaced when something new is written.
  private void ignore(IOException fault) {
    use(ArchiveIndex.EMPTY);
    report(/* isWriting= */ false, fault);
  }

  private void report(boolean isWriting, IOException fault) {
    String reason =
        fault instanceof UnusableArchiveException
            ? String.valueOf(fault.getMessage())
            : fault.toString();
    persistence
        .events()
        .tell(
            listener -> listener.codeNotPersisted(new CodeNotPersisted(module, isWriting, reason)));
  }

  @Override
  public boolean wasFilled() {
    return wasFilled;
  }

  @Override
  public byte @Nullable [] find(String unit) {
    ArchiveIndex known = index();
    ArchiveIndex.Unit place = known.find(unit);
    if (place == null) {
      return null;
    }
    long start = System.nanoTime();
    byte[] body = null;
    try (SeekableByteChannel channel = persistence.store().open(name)) {
      if (channel == null) {
        // Evicted; what is generated from now on is written anew.
        use(ArchiveIndex.EMPTY);
        return null;
      }
      body = readBody(channel, place);
      if (body == null) {
        body = findAgain(channel, known, unit);
      }
    } catch (ClosedByInterruptException _) {
      // The compile threads are ending.
      return null;
    } catch (IOException e) {
      ignore(e);
    }
    if (body != null) {
      persistence.countLoaded(body.length, System.nanoTime() - start);
    }
    return body;
  }

  /// Looks where a unit is now: another process may have written the file again.
  private byte @Nullable [] findAgain(SeekableByteChannel channel, ArchiveIndex known, String unit)
      throws IOException {
    channel.position(0);
    ArchiveIndex now = readHead(channel);
    if (now.agrees(known, unit)) {
      throw new UnusableArchiveException("unit " + unit + " is damaged");
    }
    use(now);
    ArchiveIndex.Unit place = now.find(unit);
    return place == null ? null : readBody(channel, place);
  }

  /// {@return the body of a unit, or null if another one is there}
  private static byte @Nullable [] readBody(SeekableByteChannel channel, ArchiveIndex.Unit place)
      throws IOException {
    if (place.offset() + place.length() > channel.size()) {
      return null;
    }
    byte[] body = new byte[place.length()];
    channel.position(place.offset());
    ArchiveFormat.readFully(channel, ByteBuffer.wrap(body));
    return place.isBody(body) ? body : null;
  }

  @Override
  public void add(String unit, byte[] bytes) {
    boolean isDue;
    synchronized (lock) {
      if (isClosed || pending.containsKey(unit) || index.find(unit) != null) {
        return;
      }
      long room = persistence.settings().maxArchiveBytes() - index.fileBytes() - pendingBytes;
      if (bytes.length > room || !persistence.reserve(bytes.length)) {
        persistence.countDropped(bytes.length);
        return;
      }
      pending.put(unit, bytes);
      pendingBytes += bytes.length;
      lastAddedNanos = persistence.now();
      isDue = pendingBytes >= maxBytes();
    }
    persistence.added(this, isDue);
  }

  @Override
  public void describe(String unit, Supplier<byte[]> bytes) {
    descriptions.put(unit, bytes);
  }

  /// The new code that is written at once. The file is written as a whole, so there is more of it
  /// if the file is large.
  @GuardedBy("lock")
  private long maxBytes() {
    PersistenceSettings settings = persistence.settings();
    long share = Math.min(index.fileBytes(), settings.maxPendingBytes()) / REWRITE_SHARE;
    return Math.max(settings.maxBytes(), share);
  }

  /// {@return whether what is pending is to be written, or forgotten, now}
  boolean isDue(long now) {
    synchronized (lock) {
      return pendingBytes >= maxBytes()
          || (!pending.isEmpty()
              && now - lastAddedNanos >= persistence.settings().quiet().toNanos());
    }
  }

  /// Writes what is pending, or forgets it if it is not worth a file. On one thread at a time.
  void write() {
    Map<String, byte[]> added;
    synchronized (lock) {
      added = new LinkedHashMap<>(pending);
      if (pendingBytes < persistence.settings().minBytes()) {
        remove(added);
        return;
      }
    }
    long start = System.nanoTime();
    try {
      Map<String, byte[]> all = new LinkedHashMap<>(added);
      descriptions.forEach((unit, bytes) -> all.put(unit, bytes.get()));
      ArchiveIndex written = write(all);
      synchronized (lock) {
        index = written;
      }
      long bytes = added.values().stream().mapToLong(body -> body.length).sum();
      long nanos = System.nanoTime() - start;
      persistence.countWritten(added.size(), bytes, nanos);
      CodePersisted event =
          new CodePersisted(module, added.size(), bytes, written.fileBytes(), nanos / 1_000);
      persistence.events().tell(listener -> listener.codePersisted(event));
    } catch (IOException e) {
      synchronized (lock) {
        isClosed = true;
      }
      report(/* isWriting= */ true, e);
    } finally {
      synchronized (lock) {
        remove(added);
      }
    }
  }

  @GuardedBy("lock")
  private void remove(Map<String, byte[]> units) {
    int bytes = 0;
    for (Map.Entry<String, byte[]> unit : units.entrySet()) {
      if (pending.remove(unit.getKey(), unit.getValue())) {
        bytes += unit.getValue().length;
      }
    }
    pendingBytes -= bytes;
    persistence.release(bytes);
  }

  private ArchiveIndex write(Map<String, byte[]> added) throws IOException {
    try (SeekableByteChannel old = persistence.store().open(name)) {
      // What is there now, whoever wrote it.
      Map<String, ArchiveIndex.Unit> kept =
          new LinkedHashMap<>(old == null ? Map.of() : usableUnits(old));
      kept.keySet().removeAll(added.keySet());
      Map<String, ArchiveIndex.Unit> all = new LinkedHashMap<>(kept);
      added.forEach((unit, body) ->
          all.put(unit, new ArchiveIndex.Unit(0, body.length, ArchiveFormat.digest(body))));
      byte[] head = ArchiveFormat.head(persistence.key(), module, identity, all);
      persistence
          .store()
          .put(
              name,
              channel -> {
                writeFully(channel, ByteBuffer.wrap(head));
                if (old != null) {
                  copy(old, kept.values(), channel);
                }
                for (byte[] body : added.values()) {
                  writeFully(channel, ByteBuffer.wrap(body));
                }
              });
      ArchiveIndex.Builder places = new ArchiveIndex.Builder(head.length);
      all.forEach((unit, place) -> places.add(unit, place.length(), place.digest()));
      return places.build();
    }
  }

  private Map<String, ArchiveIndex.Unit> usableUnits(SeekableByteChannel old) throws IOException {
    try {
      return readHead(old).units();
    } catch (UnusableArchiveException _) {
      // It was reported when it was to be read, and is replaced now.
      return Map.of();
    }
  }

  private static void copy(
      SeekableByteChannel from, Iterable<ArchiveIndex.Unit> units, WritableByteChannel to)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(COPY_BYTES);
    for (ArchiveIndex.Unit unit : units) {
      from.position(unit.offset());
      for (int left = unit.length(); left > 0; left -= buffer.limit()) {
        buffer.clear().limit(Math.min(left, COPY_BYTES));
        ArchiveFormat.readFully(from, buffer);
        writeFully(to, buffer.flip());
      }
    }
  }

  private static void writeFully(WritableByteChannel channel, ByteBuffer buffer)
      throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.write(buffer) < 0) {
        throw new EOFException("the file takes no more");
      }
    }
  }
}
