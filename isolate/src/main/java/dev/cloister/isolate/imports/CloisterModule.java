package dev.cloister.isolate.imports;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cloister.engine.runtime.Extern;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.host.HostCall;
import dev.cloister.isolate.host.HostServiceException;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.host.HttpField;
import dev.cloister.isolate.host.KeyValueStore;
import dev.cloister.isolate.host.LogLevel;
import dev.cloister.isolate.host.NamedValues;
import dev.cloister.isolate.host.OutboundHttp;
import dev.cloister.isolate.host.OutboundResponse;
import dev.cloister.isolate.host.PluginLog;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The module `cloister` of one instance: what its imports do.
///
/// Made for one instance, used by its thread, in calls only.
public final class CloisterModule implements AutoCloseable {
  /*
   * Whatever a guest hands in is looked at in this order: are pointer and length within its memory,
   * is the length allowed, is what it stands for charged. So a length never makes the host allocate
   * what the guest does not have itself.
   *
   * A function that answers with bytes returns how many there are, and copies them only if they
   * fit: a guest may ask with a buffer of size 0 first.
   */

  /// The module name that guests import the functions from.
  public static final String MODULE_NAME = "cloister";

  private static final int MAX_NAME_BYTES = 512;
  private static final int MAX_REQUEST_HEAD_BYTES = 32 << 10;
  private static final int MAX_PREFIX_BYTES = KeyValueStore.MAX_KEY_BYTES;

  /// The most keys of one list; the guest asks again from the last one.
  private static final int MAX_LISTED_KEYS = 1_000;

  private static final List<LogLevel> LEVELS = List.of(LogLevel.values());

  private final Supplier<HostServices> services;
  private final HostCall call;
  private @Nullable OutboundResponse response;
  private String lastError = "";

  /// Makes the module of an instance.
  ///
  /// @param services what the call that is being served may use
  /// @param call what services are told of who uses them
  public CloisterModule(Supplier<HostServices> services, HostCall call) {
    this.services = services;
    this.call = call;
  }

  /// Whether modules import functions of the host's services from a module called `moduleName`.
  public static boolean isModuleName(String moduleName) {
    return moduleName.equals(MODULE_NAME);
  }

  /// Whether there is a function `name` in `moduleName`.
  public static boolean provides(String moduleName, String name) {
    return isModuleName(moduleName) && CloisterFunction.named(name) != null;
  }

  /// What a module that imports `name` from `moduleName` needs, or null for nothing.
  public static @Nullable Capability needed(String moduleName, String name) {
    CloisterFunction function = isModuleName(moduleName) ? CloisterFunction.named(name) : null;
    return function == null ? null : function.capability();
  }

  /// The function that a guest imports as `name` from `moduleName`; null if there is none, or if
  /// the present call has no grant for it.
  public @Nullable Extern resolve(String moduleName, String name) {
    CloisterFunction function = isModuleName(moduleName) ? CloisterFunction.named(name) : null;
    if (function == null) {
      return null;
    }
    Capability capability = function.capability();
    return capability == null || services.get().grants().allows(capability)
        ? function.of(this)
        : null;
  }

  /// Forgets the answer that the guest has not read, and what went wrong.
  public void forgetCall() {
    dropResponse();
    lastError = "";
  }

  /// Returns what is held. Repeating it does nothing.
  @Override
  public void close() {
    forgetCall();
  }

  int configGet(CallerMemory memory, int name, int nameLength, int buffer, int capacity) {
    return value(memory, services.get().configuration(), name, nameLength, buffer, capacity);
  }

  int secretGet(CallerMemory memory, int name, int nameLength, int buffer, int capacity) {
    return value(memory, services.get().secrets(), name, nameLength, buffer, capacity);
  }

  int kvGet(CallerMemory memory, int key, int keyLength, int buffer, int capacity) {
    KeyValueStore store = services.get().keyValues();
    memory.check(buffer, capacity);
    String name = key(memory, key, keyLength);
    byte[] value = blocking(() -> store.get(name));
    if (value == null) {
      throw new ImportException(ResultCode.NOT_FOUND, "there is no key \"" + name + "\"");
    }
    return memory.answer(value, buffer, capacity);
  }

  int kvSet(CallerMemory memory, int key, int keyLength, int value, int valueLength) {
    KeyValueStore store = services.get().keyValues();
    String name = key(memory, key, keyLength);
    memory.check(value, valueLength);
    return charged(
        valueLength,
        () -> {
          byte[] bytes = memory.bytes(value, valueLength, Integer.MAX_VALUE, "the value");
          return blocking(() -> {
            store.set(name, bytes);
            return 0;
          });
        });
  }

  int kvDelete(CallerMemory memory, int key, int keyLength) {
    KeyValueStore store = services.get().keyValues();
    String name = key(memory, key, keyLength);
    return blocking(() -> store.delete(name)) ? 1 : 0;
  }

  /// Writes as many whole keys as fit, each with a NUL behind it; returns the bytes written. If not
  /// even the first one fits it returns what that takes, which is more than the capacity.
  int kvList(
      CallerMemory memory,
      int prefix,
      int prefixLength,
      int after,
      int afterLength,
      int buffer,
      int capacity) {
    KeyValueStore store = services.get().keyValues();
    memory.check(buffer, capacity);
    String begin = memory.text(prefix, prefixLength, MAX_PREFIX_BYTES, "the prefix");
    String last = memory.text(after, afterLength, KeyValueStore.MAX_KEY_BYTES, "the last key");
    List<String> keys =
        blocking(() -> store.list(begin, last.isEmpty() ? null : last, MAX_LISTED_KEYS));
    long room = Integer.toUnsignedLong(capacity);
    int written = 0;
    for (String key : keys) {
      byte[] bytes = (key + "\0").getBytes(UTF_8);
      if (bytes.length > room - written) {
        return written == 0 ? bytes.length : written;
      }
      memory.answer(bytes, buffer + written, bytes.length);
      written += bytes.length;
    }
    return written;
  }

  /// Sends a request and returns the status of the answer, which is kept until the next request or
  /// the end of the instance.
  int httpRequest(CallerMemory memory, int head, int headLength, int body, int bodyLength) {
    OutboundHttp http = services.get().http();
    dropResponse();
    String text = memory.text(head, headLength, MAX_REQUEST_HEAD_BYTES, "the request");
    memory.check(body, bodyLength);
    return charged(
        bodyLength,
        () -> {
          byte[] content = memory.bytes(body, bodyLength, Integer.MAX_VALUE, "the body");
          OutboundResponse answer = http.send(RequestHead.parse(text, content), call);
          response = answer;
          return answer.status();
        });
  }

  int httpFields(CallerMemory memory, int buffer, int capacity) {
    StringBuilder text = new StringBuilder();
    for (HttpField field : answered().headers()) {
      text.append(field.name()).append(": ").append(field.value()).append('\n');
    }
    return memory.answer(text.toString().getBytes(UTF_8), buffer, capacity);
  }

  int httpBody(CallerMemory memory, int buffer, int capacity) {
    return memory.answer(answered().body(), buffer, capacity);
  }

  int log(CallerMemory memory, int level, int line, int length) {
    if (level < 0 || level >= LEVELS.size()) {
      throw new ImportException(
          ResultCode.INVALID, "the level is " + level + "; allowed are 0 to 4");
    }
    memory.check(line, length);
    long kept = Math.min(Integer.toUnsignedLong(length), PluginLog.MAX_LINE_BYTES);
    // Not every log is of UTF-8; what is not becomes a replacement character.
    byte[] bytes = memory.bytes(line, (int) kept, PluginLog.MAX_LINE_BYTES, "the line");
    services.get().log().log(LEVELS.get(level), new String(bytes, UTF_8));
    return 0;
  }

  int lastError(CallerMemory memory, int buffer, int capacity) {
    return memory.answer(lastError.getBytes(UTF_8), buffer, capacity);
  }

  /// A function ended with a code.
  int failed(ImportException failure) {
    lastError = String.valueOf(failure.getMessage());
    return failure.code().code();
  }

  /// A service refused or failed.
  int failed(HostServiceException failure) {
    lastError = String.valueOf(failure.getMessage());
    return ResultCode.of(failure.error()).code();
  }

  private static int value(
      CallerMemory memory, NamedValues values, int name, int nameLength, int buffer, int capacity) {
    String text = memory.text(name, nameLength, MAX_NAME_BYTES, "the name");
    String value = values.get(text);
    if (value == null) {
      memory.check(buffer, capacity);
      throw new ImportException(ResultCode.NOT_FOUND, "there is no value \"" + text + "\"");
    }
    return memory.answer(value.getBytes(UTF_8), buffer, capacity);
  }

  private static String key(CallerMemory memory, int key, int length) {
    return memory.text(key, length, KeyValueStore.MAX_KEY_BYTES, "the key");
  }

  private OutboundResponse answered() {
    services.get().http(); // is it still granted
    OutboundResponse kept = response;
    if (kept == null) {
      throw new ImportException(ResultCode.NOT_FOUND, "there is no answer");
    }
    return kept;
  }

  /// Runs `work` with `length` bytes charged, of which it makes a copy.
  private int charged(int length, Supplier<Integer> work) {
    long bytes = Integer.toUnsignedLong(length);
    if (!call.ledger().charge(HeapCategory.BUFFER, bytes)) {
      throw new ImportException(
          ResultCode.QUOTA, bytes + " bytes do not fit into memoryBytes besides what is used");
    }
    try {
      return work.get();
    } finally {
      call.ledger().release(HeapCategory.BUFFER, bytes);
    }
  }

  private <T extends @Nullable Object> T blocking(Supplier<T> work) {
    return call.blocking(work);
  }

  private void dropResponse() {
    OutboundResponse kept = response;
    response = null;
    if (kept != null) {
      kept.close();
    }
  }
}
