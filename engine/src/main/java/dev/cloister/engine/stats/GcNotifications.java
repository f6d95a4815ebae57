package dev.cloister.engine.stats;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import javax.management.ListenerNotFoundException;
import javax.management.Notification;
import javax.management.NotificationEmitter;
import javax.management.NotificationListener;
import org.jspecify.annotations.Nullable;

/// Tells that the JVM has collected garbage: one listener in the JVM, for all who want to know.
///
/// Who wants to know is held weakly, so a forgotten engine is collected, and the listener goes with
/// the last one. Safe to use by any thread; nobody is told with the lock held.
final class GcNotifications {
  private static final Object LOCK = new Object();

  // All below guarded by LOCK.
  private static final List<WeakReference<Runnable>> LISTENERS = new ArrayList<>();
  private static @Nullable NotificationListener installed;

  private GcNotifications() {}

  /// Calls `listener` after each collection, on a thread of the JVM: it must be quick.
  static void add(Runnable listener) {
    synchronized (LOCK) {
      LISTENERS.add(new WeakReference<>(listener));
      if (installed == null) {
        NotificationListener made = (notification, _) -> notified(notification);
        for (NotificationEmitter emitter : emitters()) {
          emitter.addNotificationListener(made, null, null);
        }
        installed = made;
      }
    }
  }

  /// Calls `listener` no more. Repeating it does nothing.
  static void remove(Runnable listener) {
    synchronized (LOCK) {
      LISTENERS.removeIf(known -> known.refersTo(listener) || known.refersTo(null));
      uninstallIfIdle();
    }
  }

  /// {@return whether the JVM tells us of collections}
  static boolean isInstalled() {
    synchronized (LOCK) {
      return installed != null;
    }
  }

  private static void uninstallIfIdle() {
    NotificationListener known = installed;
    if (!LISTENERS.isEmpty() || known == null) {
      return;
    }
    installed = null;
    for (NotificationEmitter emitter : emitters()) {
      try {
        emitter.removeNotificationListener(known);
      } catch (ListenerNotFoundException _) {
        // Somebody else has removed it.
      }
    }
  }

  private static List<NotificationEmitter> emitters() {
    List<NotificationEmitter> emitters = new ArrayList<>();
    for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) {
      if (bean instanceof NotificationEmitter emitter) {
        emitters.add(emitter);
      }
    }
    return emitters;
  }

  private static void notified(Notification notification) {
    if (!notification.getType().equals("com.sun.management.gc.notification")) {
      return;
    }
    List<Runnable> told = new ArrayList<>();
    synchronized (LOCK) {
      LISTENERS.removeIf(known -> known.refersTo(null));
      for (WeakReference<Runnable> known : LISTENERS) {
        Runnable listener = known.get();
        if (listener != null) {
          told.add(listener);
        }
      }
      uninstallIfIdle();
    }
    told.forEach(Runnable::run);
  }
}
