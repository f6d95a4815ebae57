package dev.cloister.engine.code;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.codegen.FunctionTiers;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.runtime.CodeUse;
import dev.cloister.engine.runtime.CodeUser;
import dev.cloister.engine.stats.GenerationCause;
import dev.cloister.engine.stats.GenerationPublished;
import dev.cloister.engine.stats.GenerationRetired;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What is known of a code image, also when it is gone: its size, and how many instances of whom
/// run it. Any thread.
final class ImageAccount extends CodeAccount {
  private final ModuleHash module;
  private final String scriptUrl;
  private final int ordinal;
  private final FunctionTiers tiers;

  /// How many instances run the image.
  @GuardedBy("this")
  private final Map<CodeUser, Integer> instances = new HashMap<>();

  /// How often its functions are held by scopes.
  @GuardedBy("this")
  private int pins;

  /// Whether listeners were told that calls enter the code, and not yet that they do not.
  @GuardedBy("this")
  private boolean isAnnounced;

  private WeakReference<@Nullable CodeImage> image = new WeakReference<>(null);

  ImageAccount(
      CodeManager manager, ModuleHash module, String scriptUrl, int ordinal, FunctionTiers tiers) {
    super(manager);
    this.module = module;
    this.scriptUrl = scriptUrl;
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

  /// Notes that calls enter the code from now on, perhaps again.
  ///
  /// @param cause what is told of it, unless it was told before
  void enter(GenerationCause cause) {
    publish();
    announce(cause);
  }

  /// Tells that calls enter the code, if they do and it was not told.
  void announce(GenerationCause cause) {
    synchronized (this) {
      if (isAnnounced || state() != State.PUBLISHED || manager().events().isSilent()) {
        return;
      }
      isAnnounced = true;
      GenerationPublished event =
          new GenerationPublished(
              module,
              scriptUrl,
              ordinal,
              tiers.label(),
              tiers.optimized().cardinality(),
              cause,
              bytes());
      manager().events().add(listener -> listener.generationPublished(event));
    }
    manager().events().flush();
  }

  @Override
  synchronized void retired() {
    if (isAnnounced) {
      isAnnounced = false;
      FreedCode size = size();
      GenerationRetired event =
          new GenerationRetired(
              module, scriptUrl, ordinal, tiers.label(), size.codeBytes(), size.metadataBytes());
      manager().events().add(listener -> listener.generationRetired(event));
    }
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
