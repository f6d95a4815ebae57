package dev.cloister.engine.code;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.codegen.FunctionTiers;
import dev.cloister.engine.runtime.CodeUse;
import dev.cloister.engine.runtime.CodeUser;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What is known of a code image, also when it is gone: its size, and how many instances of whom
/// run it. Any thread.
final class ImageAccount extends CodeAccount {
  private final int ordinal;
  private final FunctionTiers tiers;

  /// How many instances run the image.
  @GuardedBy("this")
  private final Map<CodeUser, Integer> instances = new HashMap<>();

  /// How often its functions are held by scopes.
  @GuardedBy("this")
  private int pins;

  private WeakReference<@Nullable CodeImage> image = new WeakReference<>(null);

  ImageAccount(CodeManager manager, int ordinal, FunctionTiers tiers) {
    super(manager);
    this.ordinal = ordinal;
    this.tiers = tiers;
  }

  int ordinal() {
    return ordinal;
  }

  FunctionTiers tiers() {
    return tiers;
  }

  /// Sets the image, before anybody else knows of the account.
  void setImage(CodeImage made) {
    image = new WeakReference<>(made);
  }

  /// {@return the image, or null if nothing refers to it any more}
  @Nullable CodeImage image() {
    return image.get();
  }

  /// Counts an instance that runs the image from now on.
  CodeUse begin(CodeUser user) {
    synchronized (this) {
      instances.merge(user, 1, Integer::sum);
      if (state() == State.FREED) {
        revive(bytes());
      }
    }
    return () -> end(user);
  }

  private void end(CodeUser user) {
    synchronized (this) {
      instances.computeIfPresent(user, (_, count) -> count == 1 ? null : count - 1);
    }
  }

  /// Keeps the code from being freed.
  synchronized void pin() {
    pins++;
    if (state() == State.FREED) {
      revive(bytes());
    }
  }

  /// Ends what [#pin] began.
  synchronized void unpin() {
    pins--;
  }

  /// {@return the number of instances that run the image}
  synchronized int instanceCount() {
    return instances.values().stream().mapToInt(Integer::intValue).sum();
  }

  @Override
  synchronized boolean isUsed() {
    return pins > 0 || !instances.isEmpty();
  }

  @Override
  synchronized boolean isUsedBy(@Nullable Object isolate) {
    return instances.keySet().stream().anyMatch(user -> user.isOf(isolate))
        || (isolate == null && pins > 0);
  }
}
