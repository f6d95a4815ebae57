package dev.cloister.engine.code;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.codegen.FunctionTiers;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.ImageEpoch;
import dev.cloister.engine.stats.GenerationCause;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// The code images of one module. Any thread.
///
/// Kept are the *current* image, which new instances run and the others move to, and the newest of
/// each other kind that was asked for. All others are held by what runs them alone: when the last
/// instance and frame are gone, the JVM unloads their loader.
final class ImageSet {
  /// The images whose tiers are remembered after they are gone, for stack traces that were taken
  /// before.
  private static final int REMEMBERED = 1_000;

  private final ModuleHash module;
  private final String scriptUrl;
  private final ModulePlan plan;
  private final ModuleLoader loader;
  private final CompileThreads threads;
  private final CodeManager manager;

  /// What is known of all images that are not unloaded, the oldest first.
  private final List<ImageAccount> accounts;

  /// Held while an image is made, which loads a class.
  private final Object making = new Object();

  private final Object lock = new Object();

  /// The newest image of a kind, of those that were asked for by their kind.
  @GuardedBy("lock")
  private final Map<CodeKind, CodeImage> kept = new EnumMap<>(CodeKind.class);

  @GuardedBy("lock")
  private final TreeMap<Integer, FunctionTiers> tiersByOrdinal = new TreeMap<>();

  @GuardedBy("lock")
  private int nextOrdinal;

  /// How the current image is made, or would be.
  @GuardedBy("lock")
  private FunctionTiers currentTiers;

  /// Whether nobody makes instances, so that no image counts as one that calls may enter.
  private volatile boolean isRetired;

  /// Null if it was given up and nobody needed another one since.
  private volatile @Nullable CodeImage current;

  /// Makes a set with its first image, which is current.
  ///
  /// @param module the hash of the module
  /// @param scriptUrl how the module is called
  /// @param accounts of the module, empty
  ImageSet(
      ModuleHash module,
      String scriptUrl,
      ModulePlan plan,
      ModuleLoader loader,
      CompileThreads threads,
      CodeManager manager,
      List<ImageAccount> accounts,
      FunctionTiers first) {
    this.module = module;
    this.scriptUrl = scriptUrl;
    this.plan = plan;
    this.loader = loader;
    this.threads = threads;
    this.manager = manager;
    this.accounts = accounts;
    this.currentTiers = first;
    CodeImage made = make(first);
    this.current = made;
    manager.addModule(this);
    made.account().announce(GenerationCause.FIRST);
  }

  static List<ImageAccount> noAccounts() {
    return new CopyOnWriteArrayList<>();
  }

  /// {@return the image that new instances run, made anew if it was given up}
  ///
  /// @throws dev.cloister.engine.error.LimitExceededException if it cannot be made
  CodeImage current() {
    CodeImage image = current;
    if (image != null) {
      return image;
    }
    synchronized (making) {
      image = current;
      if (image != null) {
        return image;
      }
      FunctionTiers tiers;
      synchronized (lock) {
        tiers = currentTiers;
      }
      CodeImage made = make(tiers);
      CodeImage other;
      synchronized (lock) {
        other = current;
        if (other == null) {
          current = made;
        }
      }
      if (other == null) {
        made.account().announce(GenerationCause.RENEWAL);
        return made;
      }
      // Somebody chose another one meanwhile.
      made.account().release();
      return other;
    }
  }

  /// {@return the image that new instances run, or null if it was given up}
  @Nullable CodeImage currentIfThere() {
    return current;
  }

  /// {@return how the current image is made, or would be}
  FunctionTiers currentTiers() {
    synchronized (lock) {
      return currentTiers;
    }
  }

  /// {@return whether there is a current image, and it is `image`}
  boolean isCurrent(CodeImage image) {
    return current == image;
  }

  /// {@return the newest image of a kind, made if there is none that calls may enter}
  ///
  /// @throws dev.cloister.engine.error.LimitExceededException if it cannot be made
  CodeImage image(CodeKind kind) {
    FunctionTiers tiers = FunctionTiers.of(kind);
    synchronized (making) {
      synchronized (lock) {
        CodeImage known = kept.get(kind);
        if (known == null && current != null && current.tiers().equals(tiers)) {
          known = current;
        }
        if (known != null) {
          return known;
        }
      }
      return add(tiers, GenerationCause.KIND);
    }
  }

  /// Makes an image and keeps it as the newest of its kind, if all its functions are of one.
  ///
  /// @param cause why it is kept
  /// @throws dev.cloister.engine.error.LimitExceededException if it cannot be made
  CodeImage add(FunctionTiers tiers, GenerationCause cause) {
    CodeImage last = null;
    CodeImage made;
    synchronized (making) {
      made = make(tiers);
      if (tiers.isUniform()) {
        synchronized (lock) {
          last = kept.put(tiers.kind(), made);
        }
      }
    }
    releaseUnlessEntered(last);
    if (tiers.isUniform()) {
      made.account().announce(cause);
    }
    return made;
  }

  private CodeImage make(FunctionTiers tiers) {
    manager.requireCodeCache();
    int ordinal;
    synchronized (lock) {
      ordinal = nextOrdinal++;
      tiersByOrdinal.put(ordinal, tiers);
      while (tiersByOrdinal.size() > REMEMBERED) {
        tiersByOrdinal.pollFirstEntry();
      }
    }
    ImageAccount account = new ImageAccount(manager, module, scriptUrl, ordinal, tiers);
    CodeImage image = new CodeImage(account, plan, loader, threads);
    accounts.removeIf(known -> known.state() == CodeAccount.State.UNLOADED);
    accounts.add(account);
    releaseIfRetired(account);
    return image;
  }

  /// Lets new instances run an image, and the others from their next call from outside on.
  ///
  /// @param cause why
  /// @throws IllegalArgumentException if it is of another module
  void use(CodeImage image, GenerationCause cause) {
    if (accounts.stream().noneMatch(account -> account == image.account())) {
      throw new IllegalArgumentException("not an image of this module");
    }
    CodeImage last;
    synchronized (lock) {
      last = current;
      current = image;
      currentTiers = image.tiers();
      if (last != null && last != image && last.kind().isReplaceable()) {
        kept.remove(last.kind(), last);
      }
    }
    image.account().enter(cause);
    releaseIfRetired(image.account());
    ImageEpoch.advance();
    releaseUnlessEntered(last);
  }

  private void releaseUnlessEntered(@Nullable CodeImage image) {
    if (image == null) {
      return;
    }
    synchronized (lock) {
      if (current == image || kept.containsValue(image)) {
        return;
      }
    }
    image.account().release();
  }

  /// Gives up the images that a filter matches.
  ///
  /// Instances that run them leave them at their next call from outside. What is current is made
  /// anew when somebody needs it; without its optimized functions if those were to go.
  FreedCode remove(CodeFilter filter) {
    return remove(filter, /* onlyIdle= */ false);
  }

  /// Gives up those of the images that a filter matches which nobody runs.
  FreedCode removeIdle(CodeFilter filter) {
    return remove(filter, /* onlyIdle= */ true);
  }

  private FreedCode remove(CodeFilter filter, boolean onlyIdle) {
    List<CodeImage> removed = new ArrayList<>();
    synchronized (lock) {
      kept.values().removeIf(image -> matches(image, filter, onlyIdle) && removed.add(image));
      CodeImage image = current;
      if (image != null && matches(image, filter, onlyIdle)) {
        current = null;
        if (!removed.contains(image)) {
          removed.add(image);
        }
        if (!currentTiers.isUniform()) {
          currentTiers = FunctionTiers.of(currentTiers.kind());
        }
      }
    }
    FreedCode freed = FreedCode.NONE;
    for (CodeImage image : removed) {
      freed = freed.plus(image.account().size());
      releaseUnlessEntered(image);
    }
    if (!removed.isEmpty()) {
      ImageEpoch.advance();
    }
    return freed;
  }

  private static boolean matches(CodeImage image, CodeFilter filter, boolean onlyIdle) {
    return filter.matches(image.tiers()) && !(onlyIdle && image.account().isUsed());
  }

  /// {@return the class files of the images that are not unloaded, those that nobody runs alone if
  /// `freed`}
  long bytes(boolean freed) {
    long bytes = 0;
    for (ImageAccount account : accounts) {
      if (!freed || account.state() == CodeAccount.State.FREED) {
        bytes += account.bytes();
      }
    }
    return bytes;
  }

  /// {@return what the images that are not unloaded take}
  FreedCode size() {
    FreedCode size = FreedCode.NONE;
    for (ImageAccount account : accounts) {
      if (account.state() != CodeAccount.State.UNLOADED) {
        size = size.plus(account.size());
      }
    }
    return size;
  }

  /// A generation may be finished when its module is no longer used.
  private void releaseIfRetired(ImageAccount account) {
    if (isRetired) {
      account.release();
    }
  }

  /// Notes that nobody makes instances any more.
  void retire() {
    isRetired = true;
    accounts.forEach(CodeAccount::release);
  }

  /// Notes that somebody makes instances again.
  void revive() {
    isRetired = false;
    synchronized (lock) {
      kept.values().forEach(image -> image.account().enter(GenerationCause.REUSE));
    }
    CodeImage image = current;
    if (image != null) {
      image.account().enter(GenerationCause.REUSE);
    }
  }

  /// {@return all images that are there, the oldest first}
  List<CodeImage> images() {
    List<CodeImage> images = new ArrayList<>();
    for (ImageAccount account : accounts) {
      CodeImage image = account.image();
      if (image != null) {
        images.add(image);
      }
    }
    return images;
  }

  /// {@return how the functions of an image are made, also if it is gone; null if that is
  /// forgotten}
  @Nullable FunctionTiers tiersOf(int ordinal) {
    synchronized (lock) {
      return tiersByOrdinal.get(ordinal);
    }
  }

  @Override
  public String toString() {
    return Objects.toString(loader.getName());
  }
}
