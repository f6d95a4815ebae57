package dev.cloister.engine.code;

import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What is known of the classes that a module has once. They are needed as long as any of its
/// images is.
final class ModuleAccount extends CodeAccount {
  private final Supplier<List<ImageAccount>> images;

  /// @param images tells those of the module that may still run
  ModuleAccount(CodeManager manager, Supplier<List<ImageAccount>> images) {
    super(manager);
    this.images = images;
  }

  @Override
  boolean isUsed() {
    return any(ImageAccount::isUsed);
  }

  @Override
  boolean isUsedBy(@Nullable Object isolate) {
    return any(image -> image.isUsedBy(isolate));
  }

  private boolean any(Predicate<ImageAccount> test) {
    return images.get().stream().anyMatch(test);
  }
}
