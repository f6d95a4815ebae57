package dev.cloister.engine.code;

import dev.cloister.engine.runtime.CodeKind;
import java.util.concurrent.atomic.AtomicInteger;

/// One function in one code image (V8 `WasmCode`): what is logged, debugged and counted.
///
/// There is one object for each, made when somebody asks. Whoever holds one keeps its image loaded;
/// whoever relies on the code being counted as used holds it in a [CodeRefScope]. Any thread.
public final class WasmCode {
  private final CodeImage image;
  private final int functionIndex;
  private final CodeKind tier;
  private final int bytes;
  private final ImageAccount account;
  private final AtomicInteger scopes = new AtomicInteger();

  WasmCode(CodeImage image, int functionIndex, CodeKind tier, int bytes, ImageAccount account) {
    this.image = image;
    this.functionIndex = functionIndex;
    this.tier = tier;
    this.bytes = bytes;
    this.account = account;
  }

  /// {@return the image that it belongs to}
  public CodeImage image() {
    return image;
  }

  /// {@return the index of the function}
  public int functionIndex() {
    return functionIndex;
  }

  /// {@return how it was made}
  public CodeKind tier() {
    return tier;
  }

  /// {@return its part of the class files, an estimate}
  public int bytes() {
    return bytes;
  }

  /// {@return who counts on it: calls, if they enter its image, and scopes; instances and frames
  /// that run it are not counted one by one}
  public int references() {
    return scopes.get() + (image.isPublished() ? 1 : 0);
  }

  void acquire() {
    scopes.incrementAndGet();
    account.pin();
  }

  void release() {
    scopes.decrementAndGet();
    account.unpin();
  }
}
